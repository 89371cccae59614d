"""What a command expects of models is what the servers of the installation expect: by the version that they follow."""

import asyncio
from typing import TYPE_CHECKING

from kyozon.cli.output import err
from kyozon.cli.speech import say
from kyozon.domain.errors import KyozonError

if TYPE_CHECKING:
    from kyozon.cli.options import Target
    from kyozon.services.registry import Registry


def follow(target: "Target", registry: "Registry") -> None:
    """Have `registry` follow it; without a database, which is said, or before the first start, by the settings' own."""
    from kyozon.bootstrap.rolling import followed, has_started

    async def read() -> None:
        async with target.store() as store:
            await followed(store, registry)

    if registry.installation.estimator is None or not has_started(target.settings()):
        return
    try:
        asyncio.run(read())
    except KyozonError as error:
        why = error.message().replace("[", r"\[")
        err.print(
            say(
                f"[yellow]![/] By the settings' own estimates, since the database cannot be asked: {why}",
                f"[yellow]![/] データベースに接続できないため、設定の予測モデルを使います：{why}",
            )
        )
