"""The cheapest permitted model first. A demo model comes last: it costs nothing and knows little."""

from collections.abc import Sequence
from decimal import Decimal

from kyozon.domain.language import Text
from kyozon.domain.requests import Needs
from kyozon.routing.option import Option, Ranking


def router(options: Sequence[Option], needs: Needs) -> Ranking:  # noqa: ARG001 - every router gets the needs
    """Order: assistants before demos, priced before unpriced, then cost, then name, so that equal inputs rank equally."""
    order = sorted(options, key=_place)
    best = order[0]
    cost = "?" if best.cost is None else f"{best.cost:.6f} {_currency(best)}"
    reason = Text(
        f"{best.card.id} is the cheapest of {len(order)} permitted models, at about {cost}",
        f"許可された {len(order)} モデルのうち {best.card.id} が最も安く、見込みは約 {cost} です",
    )
    if best.card.demo:
        reason = Text(
            f"{best.card.id}, a demo model, is the only kind permitted here; kyozon models pull gets a capable one",
            f"ここで許可されているのはデモ用モデル {best.card.id} だけです。"
            "kyozon models pull で実用的なモデルを追加できます",
        )
    return Ranking(tuple(order), reason)


def _place(option: Option) -> tuple[bool, bool, Decimal, str, str]:
    return option.card.demo, option.cost is None, option.cost or Decimal(0), option.card.id, option.card.provider


def _currency(option: Option) -> str:
    return option.card.prices[-1].currency if option.card.prices else "USD"
