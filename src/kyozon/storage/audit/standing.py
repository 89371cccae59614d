"""Whether the tree may grow: only from what was signed last, by a key that counts. Where not, nothing is sealed."""

from typing import Any

from kyozon.domain.audit import Note
from kyozon.domain.language import Text
from kyozon.governance.checkpoint import parse_notes
from kyozon.governance.merkle import Frontier
from kyozon.ports.audit import Trust
from kyozon.storage.audit import tree

_NEWEST = "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"


class SealingRefused(LookupError):
    """The tree may not be continued; `text` says why, and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


async def signed_last(connection: Any, trust: Trust) -> tuple[Frontier, Note | None]:
    """The tree, and the checkpoint it stands at, None for an empty one; raises `SealingRefused`."""
    note = next(parse_notes(await connection.fetchval(_NEWEST) or ""), None)
    if note is not None and not trust.holds(note):
        raise SealingRefused(_strange(note.checkpoint.origin))
    try:
        grown = await tree.frontier(connection)
    except LookupError as error:
        raise SealingRefused(_changed(str(error))) from error
    signed = (note.checkpoint.size, note.checkpoint.root) if note else (0, Frontier().root())
    if (grown.size, grown.root()) != signed:
        raise SealingRefused(_changed(f"{grown.size} leaves / {signed[0]} signed"))
    return grown, note


def _strange(origin: str) -> Text:
    return Text(
        f"its last checkpoint is signed by another key, of {origin}: share that one's folder ([audit] keys), or name its "
        "verifier key in [audit] trusted_keys.",
        f"最後のチェックポイントの署名鍵が異なります（{origin}）。[audit] keys でその鍵のフォルダーを共有するか、"
        "その検証鍵を [audit] trusted_keys に指定してください。",
    )


def _changed(what: str) -> Text:
    return Text(
        f"its tree is not the one that was signed ({what}): somebody has changed it past Kyozon. kyozon audit verify tells "
        "more; put the database back as it was before, from a backup.",
        f"ツリーが署名時のものと異なります（{what}）。Kyozon を通さずに変更されています。kyozon audit verify で確認し、"
        "変更前のバックアップからデータベースを復元してください。",
    )
