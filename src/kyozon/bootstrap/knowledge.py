"""Puts together what keeps, takes in, finds and cites documents."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from kyozon.bootstrap.world import WORLD
from kyozon.inference import embedder
from kyozon.parsing.isolated import IsolatedParser
from kyozon.services.chat import ChatService
from kyozon.services.embeddings import EmbeddingService
from kyozon.services.knowledge.answering import AnsweringService
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.documents import DocumentService
from kyozon.services.knowledge.expiring import Expiring
from kyozon.services.knowledge.files import FileService
from kyozon.services.knowledge.groups import GroupService
from kyozon.services.knowledge.ingesting import Ingesting
from kyozon.services.knowledge.offered import Knowledge
from kyozon.services.knowledge.queueing import Queueing
from kyozon.services.knowledge.ranking import Ranking
from kyozon.services.knowledge.reindexing import ReindexService
from kyozon.services.knowledge.responses import ResponseService
from kyozon.services.knowledge.rewording import Rewording
from kyozon.services.knowledge.searching import SearchService
from kyozon.services.knowledge.taking_in import TakingIn
from kyozon.services.knowledge.uploads import UploadService
from kyozon.services.provenance import Provenance
from kyozon.services.registry import Registry
from kyozon.services.reranking import RerankingService
from kyozon.settings import Settings
from kyozon.storage.database import Database
from kyozon.storage.knowledge.collections import PostgresCollections
from kyozon.storage.knowledge.documents import PostgresDocuments
from kyozon.storage.knowledge.feed import PostgresKnowledgeFeed
from kyozon.storage.knowledge.files import PostgresFiles
from kyozon.storage.knowledge.groups import PostgresGroups
from kyozon.storage.knowledge.ingestion import PostgresIngestion
from kyozon.storage.knowledge.queue import PostgresIngestionQueue
from kyozon.storage.knowledge.reindexing import PostgresReindexing
from kyozon.storage.knowledge.uploads import PostgresUploads
from kyozon.storage.responses import PostgresResponses
from kyozon.storage.vault import UNSEALED, Sealing


class Needed(Struct, frozen=True):
    """What documents are kept, found and answered from with."""

    settings: Settings
    database: Database
    registry: Registry
    provenance: Provenance
    chat: ChatService
    embeddings: EmbeddingService
    reranking: RerankingService
    sealing: Sealing = UNSEALED
    server: str = ""


class Kept(Struct, frozen=True):
    """What is offered of documents, and what runs beside the server once the others know of it."""

    offered: Knowledge
    beside: Callable[[asyncio.Event], list[Coroutine[Any, Any, None]]]


def knowledge(needed: Needed) -> Kept:
    """The services of documents."""
    database, registry, provenance = needed.database, needed.registry, needed.provenance
    stored, gathered = PostgresFiles(database), PostgresCollections(database)
    arriving, most = PostgresUploads(database), needed.settings.knowledge.max_file_mib << 20
    files = FileService(stored, registry, provenance, WORLD, most)
    collections = CollectionService(gathered, registry, WORLD, embedder.CARD.id)
    papers = PostgresDocuments(database)
    documents = DocumentService(papers, files, collections, provenance, WORLD)
    expiring = Expiring(stored, gathered, papers, arriving, WORLD)

    ingesting = _ingesting(needed)
    uploads = UploadService(arriving, files, WORLD, most)
    groups = GroupService(PostgresGroups(database), WORLD)
    reindexing = ReindexService(collections, PostgresReindexing(database), WORLD)
    feed, said = PostgresKnowledgeFeed(database), needed.settings.knowledge
    ranking = Ranking(needed.reranking, registry, said.reranker, said.reranker_seconds)
    search = SearchService(feed, needed.embeddings, provenance, collections, ranking, said.index_mib << 20)
    responses = ResponseService(PostgresResponses(database, needed.sealing), provenance, registry, WORLD)
    answering = AnsweringService(needed.chat, search, provenance, responses, registry, WORLD)
    kept = documents, groups, uploads, reindexing
    rewording = Rewording(needed.chat, search)

    def beside(known: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        return [expiring.tend(), ingesting.work(known), search.warm(known), search.tend(WORLD)]

    return Kept(Knowledge(files, collections, *kept, search, rewording, answering, responses), beside)


def queueing(database: Database) -> Queueing:
    """What counts the documents on their way."""
    return Queueing(PostgresIngestionQueue(database), WORLD)


def _ingesting(needed: Needed) -> Ingesting:
    """What takes documents in; under `tmp` of the data directory a file is unpacked while it is read."""
    settings, database = needed.settings.knowledge, needed.database
    waiting = PostgresIngestion(database, needed.server, needed.settings.data_dir / "tmp")
    parser = IsolatedParser(settings.parse_seconds, settings.parse_memory_mib)
    steps = TakingIn(waiting, parser, needed.embeddings, needed.provenance, WORLD)
    return Ingesting(waiting, PostgresReindexing(database), steps, WORLD, settings.workers)
