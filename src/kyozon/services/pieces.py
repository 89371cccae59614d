"""The pieces of a streamed answer, by whichever iterator they come."""

from collections.abc import AsyncIterator

from kyozon.ports.provider import Piece


async def close_pieces(pieces: AsyncIterator[Piece]) -> None:
    """Close a stream, and with it the connection to its provider; a second time it does nothing."""
    if hasattr(pieces, "aclose"):
        await pieces.aclose()
