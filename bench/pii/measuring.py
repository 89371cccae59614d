"""Has the texts looked through: by Kyozon's own two looks in this process, by its peers in theirs."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from bench.pii.peers import Peer, looked_through
from bench.pii.scoring import Score, score
from bench.pii.texts import Half, Labelled, Predicted, read
from kyozon.domain.masking import Span
from kyozon.governance.masking.finding import spans
from kyozon.governance.masking.tokens import Tokens
from kyozon.inference.second_look import SecondLook
from kyozon.inference.tagger import tagger

T = TypeVar("T")


class Plan(Struct, frozen=True):
    """The processor time is the median of `rounds` over all texts."""

    rounds: int


FULL, QUICK = Plan(7), Plan(2)


class Run(Struct, frozen=True):
    """What one detector found in each text, and its milliseconds of processor time for 1,024 bytes of text."""

    predictions: tuple[tuple[Predicted, ...], ...]
    ms_per_kb: float


class Measured(Struct, frozen=True):
    """All texts and what was found in them.

    `second` is the cost of the second look, `held_back` the texts that it objects to once they are masked: `pii` of those
    with something in them, `hard_negative` of the others.
    """

    texts: tuple[Labelled, ...]
    ours: Run
    second: float
    held_back: Mapping[str, int]
    peers: Mapping[str, Run]

    def score(self, chosen: Callable[[Labelled], bool] = lambda _: True, of: str | None = None) -> Score:
        """The score on some of the texts, Kyozon's or that of a peer."""
        run = self.ours if of is None else self.peers[of]
        pairs = [(text, made) for text, made in zip(self.texts, run.predictions, strict=True) if chosen(text)]
        return score([text for text, _ in pairs], [made for _, made in pairs])

    def half(self, half: Half, of: str | None = None) -> Score:
        """The score on one half."""
        return self.score(lambda text: text.half == half, of)


def measure(path: Path, plan: Plan, peers: Sequence[Peer], cache: Path) -> Measured:
    """Read the texts and have them looked through."""
    texts = read(path)
    words = [text.text for text in texts]
    tag, second = tagger(), SecondLook()
    found, first_ms = _timed(words, plan, lambda text: spans(text, tag))
    masked = [Tokens([text]).masked(text, made) for text, made in zip(words, found, strict=True)]
    objections, second_ms = _timed(masked, plan, lambda text: tuple(second.finds(text)))
    held_back = {"pii": 0, "hard_negative": 0}
    for text, names in zip(texts, objections, strict=True):
        held_back[text.kind] += bool(names)
    ours = Run(tuple(tuple(map(_predicted, made)) for made in found), first_ms)
    others = {peer.name: Run(*looked_through(peer, words, plan.rounds, cache)) for peer in peers}
    return Measured(texts, ours, second_ms, held_back, others)


def _predicted(span: Span) -> Predicted:
    return Predicted(span.start, span.end, span.kind)


def _timed(texts: Sequence[str], plan: Plan, look: Callable[[str], T]) -> tuple[list[T], float]:
    found = [look(text) for text in texts]  # this round warms up, and does not count
    rounds = []
    for _ in range(plan.rounds):
        began = time.process_time()
        for text in texts:
            look(text)
        rounds.append(time.process_time() - began)
    kilobytes = sum(len(text.encode()) for text in texts) / 1024
    return found, sorted(rounds)[len(rounds) // 2] * 1000 / kilobytes
