"""What the routers that ask for estimates get them from."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from kyozon.domain.cascades import Foresight
from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Text
from kyozon.ports.quality import Estimator
from kyozon.settings import Settings

if TYPE_CHECKING:
    from kyozon.routing.judging import Judge
    from kyozon.routing.verifying.verifier import Verifier

_ASKS_FOR_NONE = "cheapest"
_SHIPPED = "quality.msgpack"
_VERIFIER = "verifier.msgpack"


def foresight_of(settings: Settings) -> Foresight | None:
    """What a look at an answer may bring; None where none is taken."""
    if settings.routing.router == _ASKS_FOR_NONE or not settings.routing.cascade:
        return None
    return verifier().foresight


def judge() -> "Judge":
    """What judges answers."""
    from kyozon.routing.judging import Judge  # noqa: PLC0415 - as below

    return Judge(verifier())


@cache
def verifier() -> "Verifier":
    """The verifier that comes with Kyozon."""
    from kyozon.routing.verifying.verifier import Verifier  # noqa: PLC0415 - as below

    return Verifier.read(files("kyozon.routing.verifying").joinpath(_VERIFIER).read_bytes())


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
