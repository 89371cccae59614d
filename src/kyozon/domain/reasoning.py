"""A model's chain of thought, where an installation keeps it: words of the model under the label of its context."""

from datetime import datetime

from msgspec import Struct

from kyozon.domain.labels import Label
from kyozon.domain.language import Text

OWN_ACCOUNT = Text(
    "The model's own account; it may not reflect how the answer arose.",
    "モデル自身による説明です。応答が実際に生じた過程を表すとは限りません。",
)
"""Stands wherever reasoning is shown. What did decide is in the decision record."""


class Reasoning(Struct, frozen=True):
    """What a model said it thought for one decision, until `expires_at`. Not `whole` where the end was too long to keep."""

    decision_id: str
    tenant: str
    user: str
    at: datetime
    label: Label
    text: str
    whole: bool
    expires_at: datetime
