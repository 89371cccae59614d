"""A request's label: declared, else defaulted, and never below the key's floor."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import Integrity, Label
from kyozon.governance.labelling import request_label
from tests.fakes.installation import api_key
from tests.fakes.strategies import labels


def _key(default: Label | None = None, floor: Label | None = None) -> ApiKey:
    return structs.replace(api_key(), default_label=default, label_floor=floor)


def _binds_like(label: Label, other: Label) -> bool:
    return label.join(other).level is label.level and label.compartments >= other.compartments


@given(st.none() | labels, st.none() | labels, labels, labels)
def test_the_floor_is_never_undercut(declared: Label | None, default: Label | None, floor: Label, last: Label) -> None:
    label, _ = request_label(declared, _key(default, floor), last)
    assert _binds_like(label, floor)


@given(st.none() | labels, st.none() | labels, st.none() | labels, labels)
def test_the_label_is_the_join_of_its_sources(
    declared: Label | None, default: Label | None, floor: Label | None, last: Label
) -> None:
    label, sources = request_label(declared, _key(default, floor), last)
    joined = sources[0].label
    for source in sources[1:]:
        joined = joined.join(source.label)
    assert (label.level, label.compartments) == (joined.level, joined.compartments)
    assert len({source.source for source in sources}) == len(sources)


@given(st.none() | labels, st.none() | labels, labels)
def test_the_nearest_statement_counts(declared: Label | None, default: Label | None, last: Label) -> None:
    label, sources = request_label(declared, _key(default), last)
    expected = declared or default or last
    assert (label.level, label.compartments) == (expected.level, expected.compartments)
    assert [source.label for source in sources] == [expected]


@given(labels, labels)
def test_words_of_a_request_are_untrusted_whoever_sent_them(declared: Label, last: Label) -> None:
    assert request_label(declared, _key(), last)[0].integrity is Integrity.UNTRUSTED
