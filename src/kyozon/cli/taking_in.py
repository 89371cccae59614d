"""What `kyozon ingest` does: compares a folder with a collection, sends what is new or changed, removes what is gone."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from kyozon.cli.calling import Form, call, upload
from kyozon.cli.collection_named import listed
from kyozon.cli.folders import Found, Wanted, as_attribute, found, is_below, roots_of, sha256_of
from kyozon.cli.options import Target
from kyozon.cli.speech import say
from kyozon.domain.errors import CallerError, Unauthenticated

PATH, SHA256, READERS = "kyozon:path", "kyozon:sha256", "kyozon:readers"


class Order(Struct, frozen=True):
    """What is to be taken in, into which collection, labelled how and open to whom."""

    paths: tuple[Path, ...]
    collection: str
    wanted: Wanted = Wanted()
    label: str | None = None
    readers: str | None = None
    delete: bool = False


class Sent(Struct, frozen=True):
    """A file that the server takes in: what it is called, its id, how many bytes it has, and the file that goes then."""

    path: str
    id: str
    bytes: int
    replaces: str | None = None


class Outcome(Struct):
    """What became of each file, by its path; `failed` says why. `waiting` are those that the server takes in now."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[Sent] = field(default_factory=list)

    def fail(self, path: str, why: str) -> None:
        """What was sent could not be taken in."""
        self.failed[path] = why
        for names in (self.added, self.changed, self.unchanged):
            if path in names:
                names.remove(path)


class Folder:
    """Files of this machine and what a collection has of them. Hashes are kept for as long as a file does not change."""

    def __init__(self, target: Target, order: Order) -> None:
        self._target = target
        self._order = order
        self._files = f"/v1/vector_stores/{quote(order.collection, safe='')}/files"
        self._hashes: dict[Found, str] = {}

    def look(self) -> list[Found]:
        """The files that are there now; raises `OSError`."""
        return list(found(self._order.paths, self._order.wanted))

    def there(self) -> dict[str, dict[str, Any]]:
        """What the collection has that was sent like this, by its path."""
        return {one["attributes"][PATH]: one for one in listed(self._target, self._files) if PATH in one["attributes"]}

    def send(self, files: Sequence[Found], each: Callable[[Found], None]) -> Outcome:
        """Send what the collection has not; `each` is told of every file before it is looked at."""
        outcome, there = Outcome(), self.there()
        for file in files:
            each(file)
            try:
                self._one(file, there.get(as_attribute(file.path)), outcome)
            except Unauthenticated:
                raise
            except (CallerError, OSError) as error:
                outcome.fail(file.path, str(error))
        if self._order.delete:
            self._remove(files, there, outcome)
        return outcome

    def _one(self, file: Found, before: Mapping[str, Any] | None, outcome: Outcome) -> None:
        digest = self._hashes.get(file) or self._hashes.setdefault(file, sha256_of(file.file))
        same = before is not None and before["attributes"].get(SHA256) == digest
        if before is not None and same and before["status"] in ("completed", "in_progress"):
            self._open_to(before)
            outcome.unchanged.append(file.path)
            if before["status"] == "in_progress":
                outcome.waiting.append(Sent(file.path, before["id"], file.bytes))
            return
        named = before["id"] if before is not None and same else self._uploaded(file)
        body: dict[str, Any] = {"file_id": named, "attributes": {PATH: as_attribute(file.path), SHA256: digest}}
        if self._order.readers is not None:
            body["attributes"][READERS] = self._order.readers
        replaces = before["id"] if before is not None and not same else None
        if replaces is not None:
            body["replaces"] = replaces
        call(self._target, "POST", self._files, body)
        (outcome.added if before is None else outcome.changed).append(file.path)
        outcome.waiting.append(Sent(file.path, named, file.bytes, replaces))

    def _uploaded(self, file: Found) -> str:
        form = Form((("purpose", "user_data"),), file.file, file.file.name)
        headers = {} if self._order.label is None else {"x-kyozon-label": self._order.label}
        return str(upload(self._target, "/v1/files", form, headers)["id"])

    def _open_to(self, before: Mapping[str, Any]) -> None:
        """Who may read a file can change without its bytes."""
        if self._order.readers is not None:
            attributes = {**before["attributes"], READERS: self._order.readers}
            call(self._target, "POST", f"{self._files}/{before['id']}", {"attributes": attributes})

    def _remove(self, files: Sequence[Found], there: Mapping[str, Mapping[str, Any]], outcome: Outcome) -> None:
        """Only what stands below the given paths, and was sent like this, goes."""
        here, roots = {as_attribute(file.path) for file in files}, roots_of(self._order.paths)
        for path, gone in there.items():
            if path not in here and is_below(path, roots):
                call(self._target, "DELETE", f"{self._files}/{gone['id']}")
                self._forget(gone["id"])
                outcome.removed.append(path)

    def _forget(self, file: str) -> None:
        """Delete the bytes, too, where they are ours; somebody else's stay with whoever brought them."""
        with suppress(CallerError):
            call(self._target, "DELETE", f"/v1/files/{file}")

    def follow(self, outcome: Outcome, told: Callable[[Sent, float], None]) -> bool:
        """Ask how far the waiting ones have come: `told` hears of each how much of it is done; False once none is left."""
        if not outcome.waiting:
            return False
        doing = {one["id"]: one for one in listed(self._target, self._files, filter="in_progress")}
        for sent in outcome.waiting:
            told(sent, _share(doing[sent.id].get("progress")) if sent.id in doing else 1.0)
            if sent.id not in doing:
                self._ended(sent, outcome)
        outcome.waiting = [sent for sent in outcome.waiting if sent.id in doing]
        return bool(outcome.waiting)

    def _ended(self, sent: Sent, outcome: Outcome) -> None:
        try:
            state = call(self._target, "GET", f"{self._files}/{sent.id}")
        except CallerError as error:
            outcome.fail(sent.path, str(error))
            return
        if state["status"] == "failed":
            outcome.fail(sent.path, state["last_error"]["message"])
        elif state["status"] == "cancelled":
            outcome.fail(sent.path, say("cancelled", "取り消されました"))
        elif sent.replaces is not None:
            self._forget(sent.replaces)


def _share(progress: Mapping[str, Any] | None) -> float:
    """How much of a document is done: reading it counts a tenth, its vectors the rest."""
    if progress is None or not progress["total"]:
        return 0.0
    share = min(1.0, float(progress["done"]) / float(progress["total"]))
    return share / 10 if progress["stage"] == "reading" else 0.1 + 0.9 * share
