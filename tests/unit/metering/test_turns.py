"""Nobody runs above a cap, nobody waits who could run, nobody is forgotten, and keys take turns."""

from collections import Counter
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kyozon.metering.turns import Ticket, Turns

TOTAL, LENGTH = 4, 6
KEY_CAPS = {"a": None, "b": 2, "c": 1}
DEPLOYMENT_CAPS = {"x": 2, "y": None, "z": 1}


class Queueing(RuleBasedStateMachine):
    """The queue against two plain sets of who runs and who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(TOTAL, LENGTH)
        self.running: list[Ticket] = []
        self.waiting: list[Ticket] = []

    @rule(key=st.sampled_from("abc"), deployment=st.sampled_from("xyz"))
    def come(self, key: str, deployment: str) -> None:
        ticket = Ticket(key, deployment, KEY_CAPS[key], DEPLOYMENT_CAPS[deployment])
        room = self._could_run(ticket)
        assert self.turns.start(ticket) is room
        if room:
            self.running.append(ticket)
            return
        victim = self.turns.wait(ticket)
        self.waiting.append(ticket)
        if victim is not None:
            assert len(self.waiting) == LENGTH + 1
            most = Counter(other.key for other in self.waiting)
            assert most[victim.key] == max(most.values())
            self.waiting.remove(victim)

    @precondition(lambda self: self.running)
    @rule(choose=st.randoms(use_true_random=False))
    def end(self, choose: Random) -> None:
        ticket = choose.choice(self.running)
        self.running.remove(ticket)
        for following in self.turns.finish(ticket):
            assert self._could_run(following)
            self.waiting.remove(following)
            self.running.append(following)

    @precondition(lambda self: self.waiting)
    @rule(choose=st.randoms(use_true_random=False))
    def leave(self, choose: Random) -> None:
        ticket = choose.choice(self.waiting)
        self.waiting.remove(ticket)
        self.turns.leave(ticket)

    @invariant()
    def caps_hold_and_nobody_waits_in_vain(self) -> None:
        assert (self.turns.running, self.turns.waiting) == (len(self.running), len(self.waiting))
        assert len(self.running) <= TOTAL
        assert len(self.waiting) <= LENGTH
        for caps, names in (
            (KEY_CAPS, [ticket.key for ticket in self.running]),
            (DEPLOYMENT_CAPS, [ticket.deployment for ticket in self.running]),
        ):
            assert all(caps[name] is None or count <= caps[name] for name, count in Counter(names).items())  # type: ignore[operator]
        assert not any(self._could_run(ticket) for ticket in self.waiting)

    @invariant()
    def names_that_are_gone_are_forgotten(self) -> None:
        assert set(self.turns._of_key) == {ticket.key for ticket in self.running}
        assert set(self.turns._lines) == {ticket.deployment for ticket in self.waiting}
        assert self.turns._waiting_of_key == Counter(ticket.key for ticket in self.waiting)

    def _could_run(self, ticket: Ticket) -> bool:
        of_key = sum(other.key == ticket.key for other in self.running)
        at = sum(other.deployment == ticket.deployment for other in self.running)
        key_room = ticket.key_cap is None or of_key < ticket.key_cap
        return len(self.running) < TOTAL and key_room and (ticket.deployment_cap is None or at < ticket.deployment_cap)


TestQueueing = Queueing.TestCase


def test_keys_take_turns_however_many_one_of_them_has() -> None:
    turns = Turns(total=1, length=100)
    running = Ticket("batch", "x")
    assert turns.start(running)
    for key in ("batch",) * 20 + ("ann",) * 2 + ("bob",):
        assert turns.wait(Ticket(key, "x")) is None
    order = []
    while turns.running:
        following = turns.finish(running)
        if not following:
            break
        (running,) = following
        order.append(running.key)
    assert order[:6] == ["batch", "ann", "bob", "batch", "ann", "batch"]
    assert len(order) == 23


def test_deployments_take_turns_when_the_server_is_full() -> None:
    turns = Turns(total=1, length=10)
    running = Ticket("a", "x")
    assert turns.start(running)
    for deployment in ("x", "x", "x", "y"):
        turns.wait(Ticket("a", deployment))
    order = []
    for _ in range(4):
        (running,) = turns.finish(running)
        order.append(running.deployment)
    assert order == ["x", "y", "x", "x"]


def test_whoever_fills_the_queue_makes_room_for_others() -> None:
    turns = Turns(total=1, length=3)
    assert turns.start(Ticket("a", "x"))
    waiting = [Ticket("batch", "x") for _ in range(3)]
    for ticket in waiting:
        turns.wait(ticket)
    late = Ticket("batch", "x")
    assert turns.wait(late) is late
    assert turns.wait(Ticket("ann", "x")) is waiting[-1]
    assert turns.waiting_at == {"x": 3}


def test_nobody_waits_where_no_queue_is_allowed() -> None:
    turns = Turns(total=1, length=0)
    assert turns.start(Ticket("a", "x"))
    late = Ticket("b", "x")
    assert turns.wait(late) is late
