"""A part of a list, by names that sort in the order in which they were given."""

from typing import Any

from kyozon.ports.knowledge import Page
from kyozon.storage.encoding import to_text


async def part(
    connection: Any, statement: tuple[str, str], arguments: tuple[Any, ...], page: Page
) -> tuple[list[Any], bool]:
    """The rows of a page in their order, and whether there are more of them.

    The query's last two arguments are the names that the rows lie above and below; the column that has them comes with it.
    A name that was never given is as good a bound as any, so that nothing is to be learned from which of them are taken.
    """
    query, column = statement
    after, before = (None if name is None else to_text(name) for name in (page.after, page.before))
    backwards = before is not None and after is None
    ascending = page.ascending != backwards
    bounds = (after, before) if page.ascending else (before, after)
    order = f"ORDER BY {column} {'' if ascending else 'DESC'} LIMIT {page.limit + 1}"
    rows = await connection.fetch(f"{query} {order}", *arguments, *bounds)
    kept = rows[: page.limit]
    return list(reversed(kept) if backwards else kept), len(rows) > page.limit
