"""Where stored values come from and where they went. Of the values themselves there is only a name, and a hash."""

import re
from datetime import datetime

from msgspec import Struct

from kyozon.domain.labels import Label

EXCHANGE = "exchange"
"""The kind of a request together with its answer: a decision's identifier is the name of such a value."""

CALLER = "caller"
"""The zone of an answer that was given from what was kept: it went to its caller and to nobody else."""

COLLECTOR = "collector"
"""The zone of words that were told to a collector of spans, wherever the settings said that it stands."""

_KIND = re.compile(r"[a-z]+(_[a-z]+)*")


class StoredValue(Struct, frozen=True):
    """Something that is kept: a document, chunk, vector, message, summary, memory item, tool result, adapter, dataset row.

    `kind` is one word of small letters, or several joined by `_`; each feature brings its own. `label` is what was declared
    for the value itself. The effective label joins those of its `sources`, of theirs, and so on, as they are when it is
    used: nobody can declare a value below what it was made from.
    """

    id: str
    tenant: str
    kind: str
    at: datetime
    label: Label
    sources: tuple[str, ...] = ()
    sha256: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a kind of another form."""
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"a kind is small letters and '_', not {self.kind!r}")


class Relabelling(Struct, frozen=True):
    """That a value's own label was changed, by whom and why; `approval` is the key of whoever approved of lowering it."""

    id: str
    tenant: str
    value: str
    at: datetime
    old: Label
    new: Label
    by: str
    reason: str
    approval: str | None = None


class Delivery(Struct, frozen=True):
    """That `values` went to a zone: for whom, for which model there, when, and the hash of the bytes.

    What a model was sent stands in a decision record, which is the delivery's record, too; `decision_id` names it. `label`
    is what the values were labelled then.
    """

    id: str
    at: datetime
    tenant: str
    values: tuple[str, ...]
    zone: str
    label: Label
    user: str
    key_id: str
    sha256: str
    decision_id: str | None = None
    model: str = ""
    provider: str = ""


class Exposed(Struct, frozen=True):
    """A delivery, and whether it would be permitted with the value's label of today."""

    delivery: Delivery
    permitted_now: bool


class Exposure(Struct, frozen=True):
    """Where a value went, itself or in something derived from it; oldest first. `label` is its effective label now.

    What was delivered for the decisions `left_out` is not told: this version cannot read them.
    """

    value: str
    tenant: str
    label: Label
    derived: tuple[str, ...]
    changes: tuple[Relabelling, ...]
    deliveries: tuple[Exposed, ...]
    left_out: tuple[str, ...] = ()
