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
from kyozon.cli.speech import language, say
from kyozon.domain.errors import CallerError, Unauthenticated
from kyozon.domain.refused_by_system import reason_of

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
    """A file that the server takes in: its path, id, size and hash, and the file that goes once it is there."""

    path: str
    id: str
    bytes: int
    sha256: str
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
        self._refused: dict[str, tuple[str, str]] = {}

    def look(self) -> list[Found]:
        """The files that are there now; raises `OSError`."""
        return list(found(self._order.paths, self._order.wanted))

    def there(self) -> dict[str, list[dict[str, Any]]]:
        """What the collection has that was sent like this, by its path, oldest first; more than one where one failed."""
        there: dict[str, list[dict[str, Any]]] = {}
        for one in listed(self._target, self._files):
            if PATH in one["attributes"]:
                there.setdefault(one["attributes"][PATH], []).append(one)
        return there

    def send(self, files: Sequence[Found], each: Callable[[Found], None]) -> Outcome:
        """Send what the collection has not; `each` is told of every file before it is looked at.

        What could not be taken in is not sent again until its bytes change: a command that begins anew tries again.
        """
        outcome, there = Outcome(), self.there()
        for file in files:
            each(file)
            try:
                digest = self._hashes.get(file) or self._hashes.setdefault(file, sha256_of(file.file))
                refused, why = self._refused.get(file.path, ("", ""))
                if refused == digest:
                    outcome.fail(file.path, why)
                else:
                    self._one(file, digest, there.get(as_attribute(file.path), []), outcome)
            except Unauthenticated:
                raise
            except CallerError as error:
                self._fail(file.path, digest, error.message(language()), outcome)
            except OSError as error:
                outcome.fail(file.path, reason_of(error).to(language()))
        if self._order.delete:
            self._remove(there, outcome)
        return outcome

    def _fail(self, path: str, digest: str, why: str, outcome: Outcome) -> None:
        self._refused[path] = digest, why
        outcome.fail(path, why)

    def _one(self, file: Found, digest: str, before: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
        same = next((one for one in reversed(before) if one["attributes"].get(SHA256) == digest), None)
        others = [one for one in before if one is not same]
        if same is not None and same["status"] in ("completed", "in_progress"):
            self._open_to(same)
            outcome.unchanged.append(file.path)
            if same["status"] == "in_progress":
                outcome.waiting.append(Sent(file.path, same["id"], file.bytes, digest))
        else:
            named = self._uploaded(file) if same is None else same["id"]
            replaces = next((one["id"] for one in reversed(others) if one["status"] == "completed"), None)
            self._attach(file, digest, named, replaces)
            (outcome.changed if before else outcome.added).append(file.path)
            outcome.waiting.append(Sent(file.path, named, file.bytes, digest, replaces))
        for one in others:
            if one["status"] != "completed":  # it failed, or nobody waits for it any more
                self._take_out(one["id"])

    def _attach(self, file: Found, digest: str, named: str, replaces: str | None) -> None:
        body: dict[str, Any] = {"file_id": named, "attributes": {PATH: as_attribute(file.path), SHA256: digest}}
        if self._order.readers is not None:
            body["attributes"][READERS] = self._order.readers
        if replaces is not None:
            body["replaces"] = replaces
        call(self._target, "POST", self._files, body)

    def _uploaded(self, file: Found) -> str:
        form = Form((("purpose", "user_data"),), file.file, file.file.name)
        headers = {} if self._order.label is None else {"x-kyozon-label": self._order.label}
        return str(upload(self._target, "/v1/files", form, headers)["id"])

    def _open_to(self, before: Mapping[str, Any]) -> None:
        """Who may read a file can change without its bytes."""
        if self._order.readers is not None:
            attributes = {**before["attributes"], READERS: self._order.readers}
            call(self._target, "POST", f"{self._files}/{before['id']}", {"attributes": attributes})

    def _remove(self, there: Mapping[str, Sequence[Mapping[str, Any]]], outcome: Outcome) -> None:
        """What stood below the given paths, was sent like this, and is not there any more, whichever files are wanted."""
        here = {as_attribute(file.path) for file in found(self._order.paths, Wanted())}
        roots = roots_of(self._order.paths)
        for path, gone in there.items():
            if path in here or not is_below(path, roots):
                continue
            for one in gone:
                self._take_out(one["id"])
            if any(one["status"] == "completed" for one in gone):
                outcome.removed.append(path)

    def _take_out(self, file: str) -> None:
        call(self._target, "DELETE", f"{self._files}/{file}")
        self._forget(file)

    def _forget(self, file: str) -> None:
        """Delete the bytes, too, where they are ours; somebody else's stay with whoever brought them."""
        with suppress(CallerError):
            call(self._target, "DELETE", f"/v1/files/{file}")

    def follow(self, outcome: Outcome, told: Callable[[Sent, float], None]) -> None:
        """Ask how far the waiting ones have come, until none is left: `told` hears of each how much of it is done."""
        if not outcome.waiting:
            return
        doing = {one["id"]: one for one in listed(self._target, self._files, filter="in_progress")}
        for sent in outcome.waiting:
            progress = doing[sent.id].get("progress") if sent.id in doing else {"share": 1.0}
            told(sent, (progress or {}).get("share", 0.0))
            if sent.id not in doing:
                self._ended(sent, outcome)
        outcome.waiting = [sent for sent in outcome.waiting if sent.id in doing]

    def _ended(self, sent: Sent, outcome: Outcome) -> None:
        try:
            state = call(self._target, "GET", f"{self._files}/{sent.id}")
        except CallerError as error:
            self._fail(sent.path, sent.sha256, error.message(language()), outcome)
            return
        if state["status"] == "failed":
            self._fail(sent.path, sent.sha256, state["last_error"]["message"], outcome)
        elif state["status"] == "cancelled":
            outcome.fail(sent.path, say("cancelled", "取り消されました"))
        elif sent.replaces is not None:
            self._forget(sent.replaces)
