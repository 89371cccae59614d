"""A decision with its outcome, as a row holds it. One that another version wrote in a shape unknown here is left out."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.errors import MissingPiece
from kyozon.domain.language import Text

Recorded = tuple[Decision, Outcome | None]

_log = logging.getLogger(__name__)
_decision = msgspec.json.Decoder(Decision)
_outcome = msgspec.json.Decoder(Outcome)
_EMPTIED = "{}"


def recorded(row: Any) -> Recorded:
    """The columns `decision` and `outcome` of a row; raises `MissingPiece` where this version cannot read them."""
    try:
        outcome = None if row["outcome"] in (None, _EMPTIED) else _outcome.decode(row["outcome"])
        return _decision.decode(row["decision"]), outcome
    except msgspec.DecodeError as error:
        raise MissingPiece(
            Text(
                f"the record {row['id']} has a shape that this version of Kyozon cannot read ({error}). The version that "
                "wrote it can, and so should any later one.",
                f"記録 {row['id']} は、この版の Kyozon では読めない形式です（{error}）。書き込んだ版か、それより新しい版で"
                "読んでください。",
            )
        ) from error


def readable(rows: Iterable[Any], left_out: list[str] | None) -> Iterator[Recorded]:
    """Those of the rows that can be read; the ids of the others are added to `left_out`."""
    for row in rows:
        try:
            yield recorded(row)
        except MissingPiece as error:
            _log.warning("left out: %s", error)
            if left_out is not None:
                left_out.append(row["id"])
