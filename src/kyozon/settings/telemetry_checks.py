"""Where spans go: the collector stands in a zone that exists."""

from collections.abc import Iterator

from kyozon.domain.language import Text
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.root import Settings


def check_telemetry(settings: Settings) -> Iterator[Mistake]:
    """The zone of the collector is one of the installation's."""
    zone, known = settings.telemetry.zone, settings.zones()
    if zone not in known:
        hint = mend(zone, known)
        yield Mistake(
            ("telemetry", "zone"),
            Text(
                f'there is no zone "{zone}": {hint.en} A new one is a table [zones.{zone}].',
                f"ゾーン「{zone}」はありません。{hint.ja}新しいゾーンは [zones.{zone}] で作れます。",
            ),
        )
