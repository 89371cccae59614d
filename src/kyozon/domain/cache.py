"""Answers kept for other requests that ask the same, and the partition outside which none is ever looked for."""

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from kyozon.domain.usage import Charge


class Partition(Struct, frozen=True):
    """What a request and a kept answer must have in common; the fields that end in `sha256` stand for longer values."""

    tenant: str
    principals: tuple[str, ...]
    label: str
    policy_version: str
    kind: str
    model: str
    parameters_sha256: str
    context_sha256: str

    @property
    def sha256(self) -> str:
        """One name for the whole."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class CachedAnswer(Struct, frozen=True):
    """An answer as it was passed on: `content_type` is `answer/DIALECT` or `stream/DIALECT`.

    `deployment` (`provider/model`) gave it for the decision `source`, which cost `charge`. `essence` and `vector` are what
    it is found by when the question is worded differently; without them only the same `question_sha256` finds it.
    """

    partition: Partition
    question_sha256: str
    deployment: str
    source: str
    content_type: str
    payload: bytes
    charge: Charge
    expires_at: datetime
    essence: str | None = None
    vector: tuple[float, ...] | None = None


class Wanted(Struct, frozen=True):
    """Which answers a request may have: of its partition, from a model that could answer it now, not expired `at`."""

    partition: Partition
    deployments: tuple[str, ...]
    at: datetime
