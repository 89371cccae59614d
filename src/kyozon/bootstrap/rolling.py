"""The version of the estimator that an installation follows, and the one that it tries: read, looked at, followed."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from kyozon.bootstrap.store import Store
from kyozon.bootstrap.world import WORLD
from kyozon.domain.models import ModelCard
from kyozon.domain.rollout import Terms
from kyozon.ports.quality import Estimator
from kyozon.services.registry import Registry
from kyozon.services.rolling_out import RollingOut
from kyozon.services.versions import Following
from kyozon.settings import Settings
from kyozon.storage import solo
from kyozon.storage.cluster import Cluster

_WORDS = "What is 17 times 23? 日本語でも答えてください。"
_ANY = ModelCard("any", "any", "any", "host")


def version_of(raw: bytes) -> Estimator:
    """The estimator of a file's bytes, tried out once; raises `ValueError` for what is none."""
    from kyozon.routing.estimating.quality_model import QualityModel  # noqa: PLC0415 - loads NumPy: for those who need it

    try:
        found = QualityModel.read(raw)
        found.estimate(found.look(_WORDS), _ANY)
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return found


def terms_of(settings: Settings) -> Terms:
    """What the settings ask of a version."""
    routing = settings.routing
    return Terms(routing.trial_share, routing.trial_least, routing.trial_margin)


def rolling_out(settings: Settings, store: Store) -> RollingOut:
    """What operators and the gate do."""
    return RollingOut(store.rollouts, store.feedback, version_of, WORLD, settings.routing.explore_floor)


async def followed(store: Store, registry: Registry) -> Following:
    """Follow what stands now, so that the first request is decided by it; the rest is for `beside`."""
    following = Following(store.rollouts, registry, version_of, WORLD)
    await following.follow()
    return following


def has_started(settings: Settings) -> bool:
    """Whether there is a database in which a version could stand; nothing is made or started to find out."""
    return settings.database.url is not None or Cluster(settings.data_dir / "postgres").exists()


def beside(store: Store, following: Following, rolling: RollingOut) -> list[Coroutine[Any, Any, None]]:
    """What runs as long as the server does."""
    alone = partial(solo.alone, store.database, solo.ROUTER)
    return [store.rollouts.watch(following.moved), following.tend(), rolling.tend(alone)]
