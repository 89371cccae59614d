"""What the routers that ask for estimates get them from."""

from importlib.resources import files
from pathlib import Path

from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Text
from kyozon.ports.quality import Estimator
from kyozon.settings import Settings

_ASKS_FOR_NONE = "cheapest"
_SHIPPED = "quality.msgpack"


def estimator_of(settings: Settings) -> Estimator | None:
    """The estimator of the settings' file, else the one that comes with Kyozon; None where the router needs none.

    Raises:
        SettingsError: the file cannot be read.
    """
    if settings.routing.router == _ASKS_FOR_NONE:
        return None
    from kyozon.routing.estimating.quality_model import QualityModel  # noqa: PLC0415 - loads NumPy: for those who need it

    own = settings.routing.estimates
    try:
        place = Path(own).expanduser() if own else files("kyozon.routing.estimating").joinpath(_SHIPPED)
        return QualityModel.read(place.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(
            (
                Text(
                    f"[routing] estimates: {own or _SHIPPED} cannot be read ({error}). Leave it out to use the one that "
                    "comes with Kyozon.",
                    f"[routing] estimates：{own or _SHIPPED} を読めません（{error}）。"
                    "省略すると Kyozon 付属のものが使われます。",
                ),
            )
        ) from error
