"""What is offered of documents: the services that routes and commands ask."""

from msgspec import Struct

from kyozon.services.knowledge.answering import AnsweringService
from kyozon.services.knowledge.collections import CollectionService
from kyozon.services.knowledge.documents import DocumentService
from kyozon.services.knowledge.files import FileService
from kyozon.services.knowledge.groups import GroupService
from kyozon.services.knowledge.reindexing import ReindexService
from kyozon.services.knowledge.responses import ResponseService
from kyozon.services.knowledge.rewording import Rewording
from kyozon.services.knowledge.searching import SearchService
from kyozon.services.knowledge.uploads import UploadService


class Knowledge(Struct, frozen=True):
    """Files, collections, the documents in them, the groups that either is open to, and uploads that become files.

    What is found in them, what is answered from them, and answers that are kept.
    """

    files: FileService
    collections: CollectionService
    documents: DocumentService
    groups: GroupService
    uploads: UploadService
    reindexing: ReindexService
    search: SearchService
    rewording: Rewording
    answering: AnsweringService
    responses: ResponseService
