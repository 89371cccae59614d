"""Writes what Kyozon knows of its embedder's vectors: `python -m bench.retrieval.centring --data DIR [--cache DIR]`.

Of the sets *en_xquad* and *ja_jsquad*, a language each counting as much as the other: the means of the vectors of questions
and of passages, and the direction from one language to the other. The other sets have no part in it.
"""

import base64
import sys
from pathlib import Path

import numpy as np

from bench.retrieval.embedding import Vectors, asked_for
from bench.retrieval.sets import packs
from bench.retrieval.systems import Indexed, indexed
from kyozon.inference.embedder import CARD
from kyozon.retrieval import directions
from kyozon.retrieval.vectors import normalised

_ENGLISH, _JAPANESE = "en_xquad", "ja_jsquad"
_WIDTH = 110
_HEAD = '''"""What the vectors of embedders have in common, see `centring.py`.

Half-precision numbers in base 85, written by `python -m bench.retrieval.centring`.
"""

KNOWN = {
'''


def main() -> int:
    """Embed what is new, and write."""
    data, vectoriser = asked_for("bench.retrieval.centring", __doc__)
    sets = {pack.name: indexed(pack, vectoriser) for pack in packs(data, everything=True)}
    parts = _parts(sets[_ENGLISH], sets[_JAPANESE])
    path = Path(directions.__file__)
    path.write_text(f'{_HEAD}    "{CARD.id}": (\n{"".join(map(_lines, parts))}    ),\n}}\n', "utf-8")
    sys.stdout.write(f"{path}\n")
    return 0


def _parts(english: Indexed, japanese: Indexed) -> tuple[Vectors, Vectors, Vectors]:
    asked = [normalised(one.asked).mean(axis=0) for one in (english, japanese)]
    said = [normalised(_passages(one)).mean(axis=0) for one in (english, japanese)]
    apart = asked[0] - asked[1] + said[0] - said[1]
    return np.mean(asked, axis=0), np.mean(said, axis=0), apart / np.linalg.norm(apart)


def _passages(one: Indexed) -> Vectors:
    return np.concatenate([vectors for own in one.vectors for vectors in own])


def _lines(part: Vectors) -> str:
    text = base64.b85encode(part.astype("<f2").tobytes()).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "        (\n" + "".join(f'            "{line}"\n' for line in lines) + "        ),\n"


if __name__ == "__main__":
    sys.exit(main())
