"""What says, from the words of a request alone, how good each model's answer will be."""

from typing import Any, Protocol

from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate


class Estimator(Protocol):
    """Pure arithmetic over what it has learned: the same words and card give the same estimate."""

    @property
    def version(self) -> str:
        """The hash of what it has learned."""

    def look(self, text: str) -> Any:
        """What of a request matters to every model, found once; well below a millisecond of CPU for usual lengths."""

    def estimate(self, seen: Any, card: ModelCard) -> Estimate:
        """What is to be expected of one model, known by name or by its card's facts alone."""
