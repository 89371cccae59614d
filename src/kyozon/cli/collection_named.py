"""The collections that a command may name, by their names or ids."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from kyozon.cli.calling import call
from kyozon.cli.options import Target
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.language import Text

_PAGE = 100


def listed(target: Target, path: str, **asked: str) -> Iterator[dict[str, Any]]:
    """Everything in one of the server's lists, page by page."""
    after: str | None = None
    while True:
        query = urlencode({"limit": _PAGE, "order": "asc", **asked, **({"after": after} if after else {})})
        page = call(target, "GET", f"{path}?{query}")
        yield from page["data"]
        if not page["has_more"]:
            return
        after = page["last_id"]


def collection_named(target: Target, name: str) -> dict[str, Any]:
    """The collection of that id, or the one that is called so; raises `NotFound`, `InvalidRequest` where several are."""
    if name.startswith("vs_"):
        found: dict[str, Any] = call(target, "GET", f"/v1/vector_stores/{quote(name, safe='')}")
        return found
    called = [one for one in listed(target, "/v1/vector_stores") if one["name"] == name]
    if len(called) > 1:
        ids = ", ".join(one["id"] for one in called)
        raise InvalidRequest(
            Text(
                f"several collections are called {name!r}: name one by its id ({ids}).",
                f"「{name}」という名前のコレクションが複数あります。ID で指定してください（{ids}）。",
            )
        )
    if not called:
        raise NotFound(
            Text(
                f"there is no collection {name!r} that you may read: kyozon collections list shows them, "
                "kyozon ingest --create makes it.",
                f"閲覧できるコレクション「{name}」はありません。kyozon collections list で確認できます。"
                "kyozon ingest --create で作成できます。",
            )
        )
    return called[0]
