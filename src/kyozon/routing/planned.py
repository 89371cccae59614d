"""What stands of a planned cascade once the moment's accidents have changed the order."""

from collections.abc import Sequence

from kyozon.domain.cascades import Cascade
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.routing.option import Option, Ranking


def still(cascade: Cascade | None, order: Sequence[Option]) -> Cascade | None:
    """The plan as it stands in an order that the moment's accidents have changed; None where it has fallen."""
    names = [option.card.id for option in order]
    if cascade is None or not names or names[0] != cascade.first or cascade.strong not in names:
        return None
    return cascade


def reason_still(wanted: Ranking, order: Sequence[Option]) -> Text:
    """The reason for the first of an order that the moment's accidents have made of `wanted`, a router's."""
    usual, name = wanted.options[0].card.id, order[0].card.id
    if name != usual:
        return Text(
            f"{name} comes next in the order: {usual}, which would be first, rests after failures or has no room left",
            f"順位が次の {name} が応答します。本来の第一候補 {usual} は、失敗が続いて休止中か、上限に達しています",
        )
    if wanted.cascade is not None and still(wanted.cascade, order) is None:
        return Text(
            f"{name} answers alone: {wanted.cascade.strong}, which would be asked where its answer is not good enough, has "
            "no room left",
            f"{name} が単独で応答します。回答が不十分な場合に尋ねるはずの {wanted.cascade.strong} が上限に達しています",
        )
    return wanted.reason


def planned(cascade: Cascade | None, order: Sequence[ModelCard]) -> list[ModelCard]:
    """The cards that a plan may use: of each model the first deployment in the order."""
    names = () if cascade is None else (cascade.first, cascade.strong, cascade.opinion)
    found = (next((card for card in order if card.id == name), None) for name in names)
    return [card for card in found if card is not None]
