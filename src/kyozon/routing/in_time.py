"""A goal for time before any other: who is expected to keep it is ranked first, by any router, and the others behind.

It is a goal and no rule. Nobody is excluded by it, and where nobody keeps it the router's choice stands. A model of which
nothing is known counts as keeping it: it must be tried to be known.
"""

from collections.abc import Sequence

from msgspec import structs

from kyozon.domain.language import Text
from kyozon.domain.requests import Needs
from kyozon.routing.option import Option, Ranking, Router


def ranked_in_time(router: Router, options: Sequence[Option], needs: Needs) -> Ranking:
    """The router's order of those who keep `needs.within`, and behind them, marked `late`, its order of the others."""
    kept, late = list[Option](), list[Option]()
    for option in options:
        if _keeps(option, needs):
            kept.append(option)
        else:
            late.append(structs.replace(option, late=True))
    if not late:
        return router(options, needs)
    behind = router(late, needs)
    if not kept:
        return structs.replace(behind, reason=_nobody(behind.reason, needs, len(late)))
    first = router(kept, needs)
    order = (*first.options, *behind.options)
    return Ranking(order, _set_behind(first.reason, needs, len(late)), first.cascade)


def _keeps(option: Option, needs: Needs) -> bool:
    """Whether it is not expected to be late. Who has called tools gets their results, however slow it is."""
    if needs.within is None or option.soon is None or option.soon.words is None:
        return True
    before = needs.before
    goes_on = before is not None and before.loop and option.card.place == (before.provider, before.model)
    return goes_on or option.soon.words <= needs.within


def _set_behind(reason: Text, needs: Needs, count: int) -> Text:
    more = "1 more is" if count == 1 else f"{count} more are"
    return Text(
        f"{reason.en}; {more} permitted, but expected to take longer than {needs.within:g} s to begin",
        f"{reason.ja}。ほかに許可された {count} モデルは、応答の開始が {needs.within:g} 秒を超える見込みのため後順位です",
    )


def _nobody(reason: Text, needs: Needs, count: int) -> Text:
    models = "the permitted model is not" if count == 1 else f"none of the {count} permitted models is"
    return Text(
        f"{models} expected to begin within {needs.within:g} s; {reason.en}",
        f"許可された {count} モデルのうち、{needs.within:g} 秒以内に応答を始める見込みのものはありません。{reason.ja}",
    )
