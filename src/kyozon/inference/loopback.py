"""One small HTTP question to an engine on loopback: health and figures only. Chat goes through the providers' transport."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

_LARGEST = 1 << 20


async def get(address: str, path: str, timeout: float, secret: str = "") -> bytes | None:  # noqa: ASYNC109 - the caller's
    """The body of a 200 answer; None for any other answer, and for none in time."""
    where = urlsplit(address)
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=_LARGEST)
            try:
                lines = [f"GET {path} HTTP/1.1", f"Host: {where.netloc}", "Connection: close"]
                lines += [f"Authorization: Bearer {secret}"] if secret else []
                writer.write("\r\n".join([*lines, "", ""]).encode("ascii"))
                await writer.drain()
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return None
    return body if b" 200 " in head.partition(b"\r\n")[0] else None
