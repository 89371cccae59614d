"""What `kyozon keys create` says of a key whose requests would be refused."""

import pytest

from kyozon.cli.keys import _warn_of_refusals
from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import Clearance, Level, parse_label
from tests.fakes.record_samples import a_key

CONFIDENTIAL, INTERNAL = parse_label("confidential"), parse_label("internal")


@pytest.mark.parametrize(
    ("key", "warned"),
    [
        (a_key(clearance=Clearance(Level.INTERNAL), default_label=None), True),
        (a_key(clearance=Clearance(Level.INTERNAL), default_label=INTERNAL), False),
        (a_key(clearance=Clearance(Level.INTERNAL), default_label=INTERNAL, label_floor=CONFIDENTIAL), True),
        (a_key(clearance=Clearance(Level.CONFIDENTIAL)), False),
    ],
)
def test_a_key_whose_unlabelled_requests_are_refused_is_warned_of(
    key: ApiKey, *, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    _warn_of_refusals(key, CONFIDENTIAL)

    assert ("they are refused" in capsys.readouterr().err.replace("\n", " ")) == warned
