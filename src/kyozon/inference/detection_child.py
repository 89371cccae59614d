"""The child process that looks texts through: a rule that takes for ever, or a crash, is then not the server's.

It is asked on its standard input, answers on its standard output, and lives as long as the input stays open. Run as
`python -m kyozon.inference.detection_child`.
"""

import hashlib
import os
import resource
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import BinaryIO

import msgspec

from kyozon.domain.masking import Morpheme, Span
from kyozon.governance.masking.finding import spans
from kyozon.governance.masking.residue import DETECTOR, extended, survives
from kyozon.inference.detection_messages import HEAD_BYTES, FindRequest, Found, Leftovers, Question, Reply, framed
from kyozon.inference.second_look import SecondLook
from kyozon.inference.tagger import tagger

_REMEMBERED = 20_000


class Looking:
    """Both looks. What was found in a text is remembered under its hash: conversations say the same again and again."""

    def __init__(self, tag: Callable[[str], Sequence[Morpheme]]) -> None:
        self._tag = tag
        self._second = SecondLook()
        self._remembered: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()

    def find(self, texts: list[str]) -> list[tuple[Span, ...]]:
        """As `ports.detection.Detection.find`."""
        return extended(texts, [self._spans(text) for text in texts])

    def leftovers(self, texts: list[str], removed: list[str]) -> list[str]:
        """As `ports.detection.Detection.leftovers`."""
        failed = {name for text in texts for name in self._second.finds(text)}
        if survives(texts, removed):
            failed.add(DETECTOR)
        return sorted(failed)

    def _spans(self, text: str) -> tuple[Span, ...]:
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._remembered.get(name)
        if known is None:
            known = self._remembered[name] = spans(text, self._tag)
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        else:
            self._remembered.move_to_end(name)
        return known


def main() -> None:
    """Answer until the parent goes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A core file would hold what people wrote.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever a library prints must not be taken for a reply.
    looking = Looking(tagger())
    decoder = msgspec.msgpack.Decoder(Question)
    while (message := _read(sys.stdin.buffer)) is not None:
        question = decoder.decode(message)
        reply: Reply
        if isinstance(question, FindRequest):
            reply = Found(looking.find(question.texts))
        else:
            reply = Leftovers(looking.leftovers(question.texts, question.removed))
        replies.write(framed(reply))
        replies.flush()


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(HEAD_BYTES)
    return source.read(int.from_bytes(head, "big")) if len(head) == HEAD_BYTES else None


if __name__ == "__main__":
    main()
