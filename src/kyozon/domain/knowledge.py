"""Knowledge: collections of documents, where their words stand, who may see them, what is found and cited."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, field

from kyozon.domain.labels import Clearance, Label

Attributes = Mapping[str, str | float | bool]
"""What a document is filtered by, as OpenAI's vector stores have it: at most 16 keys of 64 characters, values of 512."""

MOST_ATTRIBUTES = 16

DOCUMENT = "document"
FILE = "file"
"""Kinds of stored values. A chunk is a part of its document, and what binds the document binds it."""


class Heading(Struct, frozen=True):
    """A heading: where it begins in the text, how deep (1 is the highest), and its words."""

    start: int
    level: int
    title: str


class Parsed(Struct, frozen=True):
    """The text of a file, and what is known of its structure. All offsets are characters of `text`.

    `pages` says where each page begins, none where the format has no pages. `tables` are spans whose first line is the
    header of the others. `scanned` are spans whose words were read by OCR.
    """

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    tables: tuple[tuple[int, int], ...] = ()
    scanned: tuple[tuple[int, int], ...] = ()


class Anchor(Struct, frozen=True):
    """Where words stand in a document: from character `start` up to `end` of its text.

    They begin on `page` and end on `last_page`, counted from 1, None where there are no pages. `section` are the headings
    above them, the highest first. `breaks` are the characters between start and end with which a page begins, so that the
    page of each word can be told. `scanned` says that words among them were read by OCR, and `scans` which (first,
    behind the last); none where nobody knows, as of documents read by earlier versions: then all count as scanned.
    """

    start: int
    end: int
    page: int | None = None
    last_page: int | None = None
    section: tuple[str, ...] = ()
    scanned: bool = False
    breaks: tuple[int, ...] = ()
    scans: tuple[tuple[int, int], ...] = ()

    def part(self, start: int, end: int) -> "Anchor":
        """The anchor of a part of these words, on the pages that it stands on itself; scanned where its own words are."""
        page = last = None
        if self.page is not None:
            page = self.page + bisect_right(self.breaks, start)
            last = self.page + bisect_right(self.breaks, end - 1)
        breaks = tuple(one for one in self.breaks if start < one < end)
        scans = tuple(
            (max(start, first), min(end, behind)) for first, behind in self.scans if first < end and start < behind
        )
        scanned = bool(scans) if self.scans else self.scanned
        return Anchor(start, end, page, last, self.section, scanned, breaks, scans)


class Chunk(Struct, frozen=True):
    """A part of a document that is found as one. `text` is the document's own, from `anchor.start` up to `anchor.end`.

    `context` are the title and the headings above it, which are indexed and embedded with it.
    """

    ordinal: int
    text: str
    anchor: Anchor
    context: str = ""

    @property
    def indexed(self) -> str:
        """What is searched and embedded."""
        return f"{self.context}\n{self.text}" if self.context else self.text


class Chunking(Struct, frozen=True):
    """How documents are split: tokens of a chunk at most, and how many of them the next one repeats."""

    tokens: int = 400
    overlap: int = 50


ShareKind = Literal["user", "group", "role", "everyone"]
Right = Literal["read", "write"]


class Share(Struct, frozen=True):
    """Who else may read, or write, a collection; `everyone` is everyone in its tenant, and has no name."""

    kind: ShareKind
    name: str = ""
    right: Right = "read"


class Reader(Struct, frozen=True):
    """Who looks for something, at this moment."""

    tenant: str
    user: str
    clearance: Clearance
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    admin: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Under which names documents may be open to it: `user:…`, `group:…`, `role:…`."""
        groups, roles = (f"group:{name}" for name in self.groups), (f"role:{name}" for name in self.roles)
        return frozenset({f"user:{self.user}", *groups, *roles})


class Collection(Struct, frozen=True):
    """Documents that belong together; in OpenAI's words a vector store.

    `label` is what every document in it is labelled at least. `embedder` is the model that its vectors come from;
    `next_embedder` the one that a running re-index brings. One that nobody has used for `expires_days` days expires: then
    it is there with the list of its documents, but nothing can be found in it, nor put in.
    """

    id: str
    tenant: str
    name: str
    owner: str
    created_at: datetime
    label: Label
    embedder: str
    chunking: Chunking = Chunking()
    shares: tuple[Share, ...] = ()
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    expires_days: int | None = None
    last_active_at: datetime | None = None
    next_embedder: str | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When it expires, unless it is used before; None where it never does."""
        used = self.last_active_at or self.created_at
        return None if self.expires_days is None else used + timedelta(days=self.expires_days)

    def expired(self, now: datetime) -> bool:
        """Whether it has."""
        return self.expires_at is not None and self.expires_at <= now


class StoredFile(Struct, frozen=True):
    """A file as it was uploaded; its label is that of the stored value of the same name."""

    id: str
    tenant: str
    user: str
    filename: str
    bytes: int
    sha256: str
    purpose: str
    created_at: datetime
    expires_at: datetime | None = None


DocumentStatus = Literal["in_progress", "completed", "cancelled", "failed"]


class Failure(Struct, frozen=True):
    """Why a document could not be taken in: a code in OpenAI's words and what to do about it, in both languages."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    en: str
    ja: str


_READING = 0.1
"""How much of the work on a document reading it is; the rest is its vectors."""


class Progress(Struct, frozen=True):
    """How far a document on its way has come: `done` of `total` pages while it is read, of chunks while it is embedded.

    `seconds` is how long it has been worked on. `seconds_left` is an estimate by what that has taken, None as long as it is
    read: how many chunks it has, and how long these take, is not known before.
    """

    stage: Literal["reading", "embedding"]
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """How much of the work is done, roughly, from 0 to 1."""
        done = min(1.0, self.done / self.total) if self.total else 0.0
        return _READING * done if self.stage == "reading" else _READING + (1 - _READING) * done


class Document(Struct, frozen=True):
    """A file in a collection. `id` names the stored value; callers know it by its collection and file.

    `readers` are the names (`Reader.names`) it is open to, besides what the collection says; empty means no further
    bound. `label` is the effective label when it was read.
    """

    id: str
    tenant: str
    collection: str
    file: str
    filename: str
    created_at: datetime
    status: DocumentStatus = "in_progress"
    attributes: dict[str, str | float | bool] = field(default_factory=dict)
    readers: frozenset[str] = frozenset()
    chunking: Chunking = Chunking()
    chunks: int = 0
    bytes: int = 0
    failure: Failure | None = None
    batch: str | None = None
    label: Label = Label()
    progress: Progress | None = None


class Named(Struct, frozen=True):
    """What people call a document: its file, and the collection that it is in."""

    document: str
    file: str
    filename: str
    collection: str
    collection_name: str = ""


class Comparison(Struct, frozen=True, tag_field="kind", tag="comparison"):
    """A condition on one attribute; a document without it fulfils `ne` and `nin` only."""

    key: str
    type: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
    value: str | float | bool | tuple[str | float | bool, ...]


class Compound(Struct, frozen=True, tag_field="kind", tag="compound"):
    """Several conditions of which all, or one, must hold."""

    type: Literal["and", "or"]
    filters: tuple["Comparison | Compound", ...]


Filter = Comparison | Compound

LONGEST_QUERY = 4_000
"""Characters of one query of a search."""
MOST_QUERIES = 16
"""Queries of one search."""


class Search(Struct, frozen=True):
    """What is looked for: `queries` in whose order results are merged, in which collections, how many passages at most.

    `dense_weight` is the share of the vectors' word in the order, from 0 to 1; None leaves it to how much of the query the
    words of what is searched cover. Passages below `score` are left out. `reranker` is the model whose order is wanted:
    None the installation's own, "" none.
    """

    collections: tuple[str, ...]
    queries: tuple[str, ...]
    most: int = 10
    filter: Filter | None = None
    dense_weight: float | None = None
    score: float = 0.0
    reranker: str | None = None


class Passage(Struct, frozen=True):
    """A chunk that was found; `score` lies between 0 and 1. `label` is its document's, now."""

    document: str
    collection: str
    file: str
    filename: str
    chunk: Chunk
    score: float
    attributes: dict[str, str | float | bool]
    label: Label

    @property
    def key(self) -> tuple[str, int]:
        """Document and ordinal."""
        return self.document, self.chunk.ordinal


class Citation(Struct, frozen=True):
    """What a part of an answer rests on: the words at `anchor` of a document, as they stand there.

    `at` is where in the answer's text the mark of the citation stands.
    """

    document: str
    file: str
    filename: str
    quote: str
    anchor: Anchor
    at: int
