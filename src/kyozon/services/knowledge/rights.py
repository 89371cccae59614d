"""Who asks, what may be labelled how, and the words in which a thing is told not to be there.

They are the same for what never was and for what the caller may not know of.
"""

from kyozon.domain.audit import AuditEvent, Fact
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Objection
from kyozon.domain.errors import InvalidRequest, NotAllowed, NotFound, NotPermitted, TooLarge
from kyozon.domain.knowledge import Collection, Reader
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.governance.labelling import request_label
from kyozon.ports.knowledge import Access, Held
from kyozon.services.world import World


def reader_of(caller: Caller) -> Reader:
    """The caller as a reader; which groups he is in is asked where he reads."""
    key = caller.key
    return Reader(key.tenant, key.user, key.clearance, roles=key.roles, admin=key.admin)


def own_label(caller: Caller, declared: Label | None, default: Label) -> Label:
    """The label of what a caller brings, as that of a request: declared, or the key's default, and never below its floor.

    Raises:
        NotPermitted: it is above the key's clearance: the caller could not read what he brings.
    """
    label, _ = request_label(declared, caller.key, default)
    if not label.within(caller.key.clearance):
        have = str(caller.key.clearance)
        text = Text(
            f"the label {label} is above this key's clearance ({have}): bring it with a key that may read it, or label it "
            "within the clearance.",
            f"ラベル {label} はこのキーの許可（{have}）を超えています。読む権限のあるキーを使うか、"
            "許可の範囲内のラベルを付けてください。",
        )
        raise NotPermitted(text, {"file": (Objection("clearance", str(label), have, text),)})
    return label


def told(world: World, caller: Caller, action: str, name: str, **detail: Fact) -> AuditEvent:
    """The event of what a caller did to the thing of that name."""
    key = caller.key
    return AuditEvent(world.new_id("evt"), world.now(), action, key.tenant, key.user, name, {"key": key.id, **detail})


def no_file(name: str) -> NotFound:
    """There is no such file, for this caller."""
    return NotFound(
        Text(
            f"there is no file {name!r} here: GET /v1/files lists yours.",
            f"ファイル {name!r} はありません。GET /v1/files で自分のファイルを確認できます。",
        ),
        "file_id",
    )


def no_collection(name: str) -> NotFound:
    """There is no such collection, for this caller."""
    return NotFound(
        Text(
            f"there is no collection (vector store) {name!r} here: GET /v1/vector_stores lists those you may read.",
            f"コレクション（ベクトルストア）{name!r} はありません。GET /v1/vector_stores で閲覧できるものを確認できます。",
        ),
        "vector_store_id",
    )


def gone_by(collection: Collection) -> InvalidRequest:
    """The collection has expired."""
    return InvalidRequest(
        Text(
            f"{collection.id} has expired, since nobody used it for {collection.expires_days} days: make another one "
            "of its files, which it still lists.",
            f"{collection.id} は {collection.expires_days} 日間使われなかったため期限切れです。"
            "登録されていたファイル（一覧は残っています）で、新しいコレクション（ベクトルストア）を作成してください。",
        ),
        "vector_store_id",
    )


def no_document(collection: str, file: str) -> NotFound:
    """There is no such file in the collection, for this caller."""
    return NotFound(
        Text(
            f"there is no file {file!r} in {collection}: GET /v1/vector_stores/{collection}/files lists those in it.",
            f"{collection} にファイル {file!r} はありません。GET /v1/vector_stores/{collection}/files で確認できます。",
        ),
        "file_id",
    )


def no_batch(collection: str, batch: str) -> NotFound:
    """There is no such batch in the collection, for this caller."""
    return NotFound(
        Text(
            f"there is no batch of files {batch!r} here: GET /v1/vector_stores/{collection}/files lists its files.",
            f"{collection} に一括登録 {batch!r} はありません。GET /v1/vector_stores/{collection}/files でファイルの一覧を"
            "確認できます。",
        ),
        "batch_id",
    )


def too_large(most: int) -> TooLarge:
    """A file has more bytes than this server takes."""
    return TooLarge(
        Text(
            f"the file is larger than {most >> 20} MiB: split it, or have [knowledge] max_file_mib raised.",
            f"ファイルが {most >> 20} MiB を超えています。分割するか、管理者に [knowledge] max_file_mib の引き上げを"
            "依頼してください。",
        )
    )


def require(held: Held, wanted: Access) -> None:
    """Raises `NotAllowed` where less may be done with a collection."""
    order: tuple[Access, ...] = ("read", "write", "own")
    if order.index(held.access) >= order.index(wanted):
        return
    name = held.collection.id
    if wanted == "own":
        raise NotAllowed(
            Text(
                f"only the owner of {name}, or an admin key, may share, rename or delete it: ask one of them.",
                f"{name} の共有・変更・削除ができるのは、所有者か管理者キーだけです。依頼してください。",
            )
        )
    raise NotAllowed(
        Text(
            f"you may read {name} but not change what is in it: its owner can share it with you for writing.",
            f"{name} は閲覧のみ許可されています。内容の変更には、所有者から書き込みの共有を受けてください。",
        )
    )
