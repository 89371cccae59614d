"""Who looks whether requests have drifted: this server, unless another one does."""

from datetime import timedelta
from functools import partial

from kyozon.bootstrap.auditing import log_of
from kyozon.bootstrap.store import Store
from kyozon.bootstrap.world import WORLD
from kyozon.services.drifting import DriftWatch, Records
from kyozon.settings import Settings
from kyozon.storage import solo


def drift_watch(settings: Settings, store: Store) -> DriftWatch:
    """It looks as often as the settings say."""
    records = Records(store.feedback, log_of(store).told, store.trail)
    every = timedelta(hours=settings.routing.drift_hours)
    return DriftWatch(records, WORLD, every, partial(solo.alone, store.database, solo.DRIFT))
