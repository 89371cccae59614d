"""Every domain of the estimates that come with Kyozon has a name that people can read; others stand as they are."""

from pathlib import Path

import pytest

from kyozon.cli.domains import domain_said
from kyozon.routing import estimating
from kyozon.routing.estimating.quality_model import QualityModel


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_domain_has_a_name_of_its_own(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYOZON_LANG", language)
    model = QualityModel.read((Path(estimating.__file__).parent / "quality.msgpack").read_bytes())
    told = [domain_said(name) for name in model.contents.domains]
    assert len(set(told)) == len(told)
    assert not any("_" in name or ":" in name for name in told)
    assert domain_said("our_tickets") == "our_tickets"
