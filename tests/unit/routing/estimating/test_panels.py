"""What a panel says of the differences of its members moves them apart, as far as the prompt belongs to it."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.routing.estimating.panels import Panels, own
from kyozon.routing.estimating.quality_model import QualityModel

NOTHING = np.zeros((4, 2))


def panels(trust: float = 1.0) -> Panels:
    """Two panels of three anchors: the first and the second on one domain, the second and the third on another one."""
    members = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    return Panels(np.eye(2), members, np.full(2, trust), NOTHING, np.zeros(2), NOTHING, np.zeros(2))


def test_the_last_member_has_what_the_others_lack() -> None:
    members = np.array([[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    assert own(members, np.array([0.1, 0.2, 0.5])).tolist() == pytest.approx(
        np.array([[0.1, 0.0, 0.2, -0.3], [0.5, -0.5, 0.0, 0.0]])
    )


def test_what_a_panel_says_sets_its_members_apart_and_leaves_their_mean() -> None:
    told = panels(trust=0.0).told(np.array([0.5, 0.7, 0.4]), np.array([1.0, 0.0]), np.array([0.2, 0.0]))
    assert told[0] - told[1] == pytest.approx(0.4, abs=0.05)
    assert told[0] + told[1] == pytest.approx(1.2)
    assert told[2] == pytest.approx(0.4)


def test_a_prompt_that_belongs_to_no_panel_is_judged_as_before() -> None:
    told = panels(trust=0.0).told(np.array([0.5, 0.7, 0.4]), np.zeros(2), np.array([0.3, 0.3]))
    assert told.tolist() == pytest.approx([0.5, 0.7, 0.4])


@given(chances=st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3), first=st.floats(0, 1), second=st.floats(0, 1))
def test_what_panels_agree_with_stays_as_it_is(chances: list[float], first: float, second: float) -> None:
    told = panels().told(np.array(chances), np.array([first, second]), np.zeros(2))
    assert told.tolist() == pytest.approx(chances, abs=1e-9)


def test_the_shipped_file_has_panels() -> None:
    shipped = QualityModel.read(files("kyozon.routing.estimating").joinpath("quality.msgpack").read_bytes())
    assert "panel trust" in shipped.contents.arrays
