"""What is wrong with how `kyozon ingest` was called is said once, before anything is sent."""

from kyozon.cli.options import label_read
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.services.knowledge.attributes import READERS, taken


def check_name(collection: str, option: str) -> None:
    """A collection has a name, or it could not be named again; raises `InvalidRequest`."""
    if not collection.strip():
        raise InvalidRequest(
            Text(
                f"{option} is empty: give the collection a name.",
                f"{option} が空です。コレクションの名前を指定してください。",
            ),
            option,
        )


def check_label(label: str | None) -> None:
    """Raises `InvalidRequest` where a label is none."""
    if label is not None:
        label_read(label, "--label")


def check_readers(readers: str | None) -> None:
    """Raises `InvalidRequest`, in the words of the option, where one of the readers cannot be."""
    if readers is None:
        return
    try:
        taken({READERS: readers})
    except InvalidRequest as error:
        raise InvalidRequest(
            Text(
                f"--readers {readers!r}: name each as user:NAME, group:NAME or role:NAME, joined by commas.",
                f"--readers {readers!r} を読めません。user:名前・group:名前・role:名前 をコンマ区切りで指定してください。",
            ),
            "--readers",
        ) from error
