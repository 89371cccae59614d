"""A connection that breaks is one thing, a task that is cancelled another."""

import asyncio

import pytest

from kyozon.domain.errors import StorageUnavailable
from kyozon.storage.database import trouble


async def test_a_broken_connection_means_that_the_storage_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable), trouble():
        raise ConnectionResetError


async def test_a_connection_that_breaks_on_the_way_out_does_not_undo_the_cancellation() -> None:
    async def works() -> None:
        while True:
            try:
                with trouble():
                    try:
                        await asyncio.sleep(60)
                    finally:
                        raise ConnectionResetError
            except StorageUnavailable:
                await asyncio.sleep(0)

    task = asyncio.create_task(works())
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=30)
    assert done
    assert task.cancelled()
