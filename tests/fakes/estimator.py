"""An estimator that knows three models: each loses quality with what is hard in the words, the cheaper the more."""

from msgspec import Struct

from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate

_ABILITIES = {"dear": 0.95, "in-house": 0.9, "cheap": 0.88}
_WIDTH = 0.04


class Seen(Struct, frozen=True):
    """How hard a request is, from 0 to 1, and whether anything like it is known."""

    hardness: float
    known: bool


class KnowsThree:
    """Words that count: each `hard` makes it harder, `unheard-of` is like nothing known. `looked` are the texts it got."""

    version = "three-models"

    def __init__(self) -> None:
        self.looked: list[str] = []

    def look(self, text: str) -> Seen:
        """How hard the text is."""
        self.looked.append(text)
        return Seen(min(1.0, 0.2 * text.count("hard")), "unheard-of" not in text)

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:
        """A model it does not know is taken for the weakest."""
        ability = _ABILITIES.get(card.id, 0.5)
        quality = ability - 8 * seen.hardness * (0.95 - ability)
        low, high = max(0.0, quality - _WIDTH / 4), min(1.0, quality + _WIDTH / 4)
        reasons = (("hardness", -seen.hardness), ("length", 0.1))
        return Estimate(max(0.0, quality), low, high, 100, 1.0 if seen.known else 0.0, reasons)


class Admires(KnowsThree):
    """One that takes one model for the best at everything."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.version = f"admires-{model}"
        self._model = model

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:
        """Nearly perfect, if it is the one."""
        return Estimate(0.99, 0.98, 1.0, 100) if card.id == self._model else super().estimate(seen, card)
