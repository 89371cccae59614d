"""Reviews: the zones that are named exist."""

from collections.abc import Iterator

from kyozon.domain.language import Text
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.root import Settings


def check_review(settings: Settings) -> Iterator[Mistake]:
    """A zone that nobody knows would hold nothing back."""
    known = settings.zones().keys()
    for place, name in enumerate(settings.review.zones):
        if name not in known:
            hint = mend(name, known)
            yield Mistake(
                ("review", "zones", place),
                Text(f'there is no zone "{name}"; {hint.en}', f"ゾーン「{name}」はありません。{hint.ja}"),
            )
