"""Uploads: a large file that comes in parts, in any order, and becomes one file when all are there."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from kyozon.domain.labels import Label

UploadStatus = Literal["pending", "completed", "cancelled", "expired"]


class NewUpload(Struct, frozen=True):
    """What shall be uploaded: `bytes` in all; `keep_seconds` is for how long the file then stays, None for ever."""

    filename: str
    bytes: int
    purpose: str
    mime_type: str = ""
    label: Label | None = None
    keep_seconds: int | None = None


class Upload(Struct, frozen=True):
    """An upload as it stands. `label` is what its file will be labelled at least; `file` names it once it is there."""

    id: str
    tenant: str
    owner: str
    created_at: datetime
    expires_at: datetime
    status: UploadStatus
    new: NewUpload
    label: Label
    file: str | None = None


class UploadPart(Struct, frozen=True):
    """A part of an upload, of so many bytes."""

    id: str
    upload: str
    created_at: datetime
    bytes: int
