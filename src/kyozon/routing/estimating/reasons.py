"""What mattered for an estimate, in names that hold no word of the prompt."""

from kyozon.domain.quality import DOMAIN
from kyozon.routing.estimating.abilities import TIERS, odds_at
from kyozon.routing.estimating.contents import USUAL_ODDS, Contents
from kyozon.routing.estimating.seeing import Seen

MOST = 4


def reasons_of(contents: Contents, seen: Seen, model: tuple[float, float]) -> tuple[tuple[str, float], ...]:
    """The strongest reasons first, each with what it adds to the log-odds.

    `model` is its place among the tiers and what is its own in the prompt's domains. The difficulty is that of the prompt
    for a model of the middle tier, against the usual prompt.
    """
    place, own = model
    middle = float(seen.tiers[TIERS // 2])
    domain = contents.domains[int(seen.domains.argmax())]
    found = (
        ("difficulty", middle - contents.numbers[USUAL_ODDS]),
        ("ability", float(odds_at(place, seen.tiers)) - middle),
        (f"{DOMAIN}{domain}", own),
    )
    return tuple(sorted(((name, round(effect, 3)) for name, effect in found), key=lambda each: -abs(each[1]))[:MOST])
