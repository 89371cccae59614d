"""Labels of what a session holds; and the mistakes that others have made with them."""

from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.labels import Integrity, Label, Level
from kyozon.domain.tools import Reference, Tool, Value, untrusted
from kyozon.governance.tools.session import result
from tests.unit.governance.tools.sessions import PROMPT, READ, SECRET, STRANGER, holding, session

WORSE = Label(Level.RESTRICTED, frozenset({"pii"}))


def test_two_conversations_share_no_label() -> None:
    """agent-framework #7455: label state on a shared object let conversations contaminate each other."""
    one, two = session(name="one"), session(name="two")
    read = holding(one, "evil").read("mail")

    assert untrusted(read.context)
    assert not untrusted(one.context)
    assert (two.context, two.values, one.values) == (PROMPT, {}, {})


def test_a_value_that_is_passed_on_keeps_its_label() -> None:
    """agent-framework #8139: a hidden value lost its label when it was put into arguments."""
    one = holding(session("plan"), "evil")
    part = Reference("mail")

    assert one.content(part) == "evil"
    assert one.part_label(part) == STRANGER


def test_a_tools_own_word_can_only_raise() -> None:
    """agent-framework #8238: labels inside a result could lower its trust level."""
    one = session()
    lower = Label(Level.PUBLIC, integrity=Integrity.TRUSTED)
    call = one.call("c", "read_mail", {})

    assert result(one, READ, call, "x", lower).label == STRANGER
    assert result(one, READ, call, "x", WORSE).label == WORSE
    assert all(untrusted(field.label) for field in result(one, READ, call, "x", WORSE).fields)
    assert not any(untrusted(field.label) for field in result(one, READ, call, "x", lower).fields)


def test_what_nobody_has_stated_is_read_as_the_worse() -> None:
    """Defaults that fail open: a missing label must not mean trusted or public, nor an undeclared tool a harmless one."""
    tool = Tool("unknown")

    assert (tool.result.level, untrusted(tool.result)) == (Level.CONFIDENTIAL, True)
    assert tool.consequential
    assert tool.decides("anything")
    assert untrusted(session().label("nobody holds this"))


def test_labels_of_two_sources_join_and_the_last_does_not_win() -> None:
    """The same code kept only the last of two users' labels."""
    one = session()
    first, second = Value("a", "x", Label(compartments=frozenset({"ann"}))), Value("b", "y", STRANGER)
    both = one.kept(first).kept(second).kept(Value("c", "z", PROMPT, frozenset({"a", "b"})))

    assert both.label("c").compartments == {"ann"}
    assert both.label("c").level is Level.CONFIDENTIAL


def test_a_result_carries_what_it_was_asked_with() -> None:
    one = holding(session(), "a diary", label=SECRET)
    worded = one.read("mail").call("c", "read_mail", {"q": one.read("mail").worded("diary")})
    passed = one.call("d", "read_mail", {"q": Reference("mail")})

    assert result(one, READ, worded, "x").label == STRANGER.join(SECRET)
    value = result(one, READ, passed, "x")
    assert (value.label, one.kept(value).label("d")) == (STRANGER, STRANGER.join(SECRET))


def test_a_minted_field_keeps_its_integrity_and_carries_the_secrecy_of_the_question() -> None:
    one = holding(session("fields"), "a diary", label=SECRET)
    value = result(one, READ, one.call("d", "read_mail", {"q": Reference("mail")}), [{"id": "7"}])
    label = one.kept(value).part_label(Reference("d", "id", 0))

    assert (label.level, label.compartments, untrusted(label)) == (SECRET.level, SECRET.compartments, False)


def test_raising_a_source_binds_what_came_of_it_before() -> None:
    one = holding(session(), "x")
    value = result(one, READ, one.call("d", "read_mail", {"q": Reference("mail")}), "y")
    raised = one.kept(value).raised("mail", WORSE)

    assert raised.label("d").level is Level.RESTRICTED


def test_raising_a_value_binds_its_minted_fields_too() -> None:
    one = holding(session("fields"), [{"id": "7"}]).raised("mail", WORSE)

    assert one.part_label(Reference("mail", "id", 0)) == WORSE


def test_sources_may_form_a_ring() -> None:
    one = session().kept(Value("a", 1, PROMPT, frozenset({"b"}))).kept(Value("b", 2, STRANGER, frozenset({"a"})))

    assert one.label("a") == one.label("b") == STRANGER


@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([PROMPT, STRANGER, SECRET, WORSE])), max_size=8))
def test_a_context_never_falls(steps: list[tuple[str, Label]]) -> None:
    one = session()
    for name, label in steps:
        before = one.context
        one = one.kept(Value(name, 1, label)).read(name)
        assert one.context == one.context.join(before).join(label)
