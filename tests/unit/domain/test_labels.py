"""Labels form a join semilattice; clearances only ever widen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.labels import Clearance, Integrity, Label, Level, parse_clearance, parse_label
from tests.fakes.strategies import clearances, labels


@given(labels, labels)
def test_join_is_commutative(a: Label, b: Label) -> None:
    assert a.join(b) == b.join(a)


@given(labels, labels, labels)
def test_join_is_associative(a: Label, b: Label, c: Label) -> None:
    assert a.join(b).join(c) == a.join(b.join(c))


@given(labels)
def test_join_is_idempotent(a: Label) -> None:
    assert a.join(a) == a


@given(labels, labels)
def test_join_binds_at_least_like_both(a: Label, b: Label) -> None:
    joined = a.join(b)
    assert joined.level.rank >= max(a.level.rank, b.level.rank)
    assert joined.compartments >= a.compartments | b.compartments
    assert (joined.integrity is Integrity.TRUSTED) == (a.integrity is b.integrity is Integrity.TRUSTED)


@given(labels, labels, labels)
def test_join_is_monotone(a: Label, b: Label, c: Label) -> None:
    """a ⊑ a⊔b, so a⊔c ⊑ (a⊔b)⊔c."""
    wider = a.join(b).join(c)
    assert a.join(c).join(wider) == wider


@given(labels, labels, clearances)
def test_what_a_join_may_enter_both_parts_may_enter(a: Label, b: Label, clearance: Clearance) -> None:
    assert a.join(b).within(clearance) == (a.within(clearance) and b.within(clearance))


@given(labels, clearances, clearances)
def test_a_wider_clearance_never_shuts_out(label: Label, narrow: Clearance, other: Clearance) -> None:
    level = max(narrow.level, other.level, key=lambda level: level.rank)
    wide = Clearance(level, narrow.compartments | other.compartments)
    assert label.within(wide) or not label.within(narrow)


@given(labels)
def test_a_star_admits_every_compartment_but_no_level(label: Label) -> None:
    for level in Level:
        assert label.within(Clearance(level, frozenset({"*"}))) == (label.level.rank <= level.rank)


@given(labels, clearances)
def test_text_form_is_read_back(label: Label, clearance: Clearance) -> None:
    assert parse_label(str(label)) == Label(label.level, label.compartments)
    assert parse_clearance(str(clearance)) == clearance


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz+-* ABCé1_", max_size=30))
def test_reading_gives_a_label_or_a_value_error(text: str) -> None:
    try:
        label = parse_label(text)
    except ValueError:
        return
    assert parse_label(str(label)) == label


@pytest.mark.parametrize("text", ["", "secret", "public+", "public+a b", "public+ж", "public+-", "public+*"])
def test_wrong_labels_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"level|compartment|label"):
        parse_label(text)


def test_case_and_spaces_do_not_matter() -> None:
    assert parse_label(" Confidential + JP-only ") == Label(Level.CONFIDENTIAL, frozenset({"jp-only"}))


def test_nothing_said_is_confidential_and_untrusted() -> None:
    assert Label() == Label(Level.CONFIDENTIAL, frozenset(), Integrity.UNTRUSTED)
