"""What the answer cache needs: leave to be used, and for similar questions the embedder of this machine."""

from collections.abc import Iterator

from kyozon.domain.language import Text
from kyozon.settings.mistakes import Mistake
from kyozon.settings.root import Settings


def check_cache(settings: Settings) -> Iterator[Mistake]:
    """What is on by default is allowed; semantic is exact and more; the embedder is there."""
    cache = settings.cache
    for key in ("exact", "semantic"):
        if getattr(cache, key) and not cache.allowed:
            yield Mistake(
                ("cache", key),
                Text(
                    "allowed = false turns the cache off for every request: remove one of the two.",
                    "allowed = false はすべての要求でキャッシュを無効にします。どちらかを消してください。",
                ),
            )
    if cache.semantic and not settings.local.enabled:
        yield Mistake(
            ("cache", "semantic"),
            Text(
                "questions are compared by the embedder of this machine: set [local] enabled = true, or leave this out.",
                "比較にはこのマシンの埋め込みモデルを使います。[local] enabled = true にするか、この行を消してください。",
            ),
        )
