"""Answers that are kept under a name, so that a conversation can go on from them."""

from datetime import datetime

from msgspec import Struct

from kyozon.domain.labels import Label
from kyozon.domain.requests import Json

RESPONSE = "response"
"""The kind of a kept response among the stored values: made from its decision, and so from all that its model read."""


class KeptResponse(Struct, frozen=True):
    """A response as its caller got it, what was sent for it, and the conversation up to it in chat completions' messages.

    `label` is its own; the effective one joins those of its `sources`: the decision, or the response that it went on
    from, and the documents that it shows.
    """

    id: str
    tenant: str
    user: str
    at: datetime
    expires_at: datetime
    label: Label
    sources: tuple[str, ...]
    body: Json
    items: tuple[Json, ...]
    messages: tuple[Json, ...]

    @property
    def decision_id(self) -> str:
        """The decision of its answer; empty where no model was asked."""
        return next((source for source in self.sources if source.startswith("dec_")), "")
