"""What is sent to vector stores, in OpenAI's words; `embedder` and `replaces` are Kyozon's own."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from kyozon.domain.errors import InvalidRequest
from kyozon.domain.knowledge import Chunking
from kyozon.domain.language import Text
from kyozon.services.knowledge.documents import Attaching

Metadata = Annotated[dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)]
Attributes = dict[str, str | float | bool]

_MOST_FILES = 2000
_IDS = Annotated[list[str], Meta(min_length=1, max_length=_MOST_FILES)]


class ExpiryShape(Struct):
    """After how many days without use a vector store goes."""

    days: int
    anchor: Literal["last_active_at"] = "last_active_at"


class AutoShape(Struct, tag_field="type", tag="auto"):
    """Files are split as the vector store says."""


class SizesShape(Struct):
    """Tokens of a chunk at most, and of two neighbours in common."""

    max_chunk_size_tokens: int
    chunk_overlap_tokens: int


class StaticShape(Struct, tag_field="type", tag="static"):
    """Files are split into chunks of a given size."""

    static: SizesShape


StrategyShape = AutoShape | StaticShape


class StoreShape(Struct):
    """A vector store to be, with the files that it begins with."""

    name: str | None = None
    description: str | None = None
    file_ids: Annotated[list[str], Meta(max_length=_MOST_FILES)] | None = None
    chunking_strategy: StrategyShape | None = None
    expires_after: ExpiryShape | None = None
    metadata: Metadata | None = None
    embedder: str | None = None


class StoreChangeShape(Struct):
    """What is to be different in a vector store; None takes expiry or metadata away, what is left out stays."""

    name: str | None = None
    description: str | None = None
    expires_after: ExpiryShape | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class AttachShape(Struct):
    """A file for a vector store; `replaces` names the file there that goes in the moment in which this one is ready."""

    file_id: str
    attributes: Attributes | None = None
    chunking_strategy: StrategyShape | None = None
    replaces: str | None = None


class BatchShape(Struct):
    """Several files for a vector store: `file_ids` that share the rest, or `files` with attributes of their own."""

    file_ids: _IDS | None = None
    files: Annotated[list[AttachShape], Meta(min_length=1, max_length=_MOST_FILES)] | None = None
    attributes: Attributes | None = None
    chunking_strategy: StrategyShape | None = None

    def each(self) -> list[AttachShape]:
        """One by one; raises `InvalidRequest` where both ways were used, or none."""
        if (self.file_ids is None) == (self.files is None):
            raise InvalidRequest(
                Text("give file_ids or files, one of the two.", "file_ids か files のどちらか一方を指定してください。"),
                "file_ids",
            )
        return self.files or [
            AttachShape(name, self.attributes, self.chunking_strategy) for name in dict.fromkeys(self.file_ids or ())
        ]


class AttributesShape(Struct):
    """Other attributes for a file in a vector store."""

    attributes: Attributes | None


def chunking_of(strategy: StrategyShape | None) -> Chunking | None:
    """How to split, None where that is left open."""
    if not isinstance(strategy, StaticShape):
        return None
    return Chunking(strategy.static.max_chunk_size_tokens, strategy.static.chunk_overlap_tokens)


def attaching_of(shape: AttachShape) -> Attaching:
    """How a file is put in."""
    return Attaching(shape.attributes or {}, chunking_of(shape.chunking_strategy), shape.replaces)
