import copy
import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from kyozon.domain.audit import AuditEvent, Evidence, Note, Report, Subject
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.governance.checkpoint import parse_note
from kyozon.governance.merkle import leaf_hash
from kyozon.services.audit import Auditor
from kyozon.storage.audit.signing import Signer, TrustedKeys
from tests.fakes.audit_log import TAMPERINGS, MemoryLog, root_over

RECORDS, EVERY, TIMES = 300, 29, 200
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SECRET = b"s" * 32


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> MemoryLog:
    log = MemoryLog.of(tmp_path_factory.mktemp("keys"), RECORDS, EVERY)
    log.seal()
    return log


async def verified(log: MemoryLog, outside: list[Note]) -> Report:
    return await Auditor(log, TrustedKeys([log.signer.verifier])).verify(outside)


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def shallow(log: MemoryLog) -> MemoryLog:
    made = copy.copy(log)
    made.leaves, made.checkpoints, made.kept = list(log.leaves), list(log.checkpoints), list(log.kept)
    return made


async def test_what_nobody_touched_is_sound(whole: MemoryLog) -> None:
    report = await verified(whole, list(whole.checkpoints))
    assert report.findings == ()
    assert (report.leaves, report.checkpoints, report.outside) == (RECORDS, 11, 11)
    assert report.root == root_over([leaf.hash for leaf in whole.leaves])


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
async def test_every_tampering_is_found(whole: MemoryLog, tamper: Callable[[MemoryLog, random.Random], None]) -> None:
    chance = random.Random(tamper.__name__)  # noqa: S311 - a test's mixture
    outside = [whole.checkpoints[-1]]
    missed = 0
    for _ in range(TIMES):
        log = shallow(whole)
        tamper(log, chance)
        missed += (await verified(log, outside)).sound
    assert missed == 0


@pytest.mark.parametrize("tamper", TAMPERINGS[:4], ids=lambda tamper: tamper.__name__)
async def test_what_leaves_the_checkpoints_alone_is_found_without_a_copy_from_outside(
    whole: MemoryLog, tamper: Callable[[MemoryLog, random.Random], None]
) -> None:
    chance = random.Random(tamper.__name__)  # noqa: S311 - a test's mixture
    for _ in range(20):
        log = shallow(whole)
        tamper(log, chance)
        assert not (await verified(log, [])).sound


async def test_what_only_a_copy_from_outside_tells_is_said_to_be_from_there(whole: MemoryLog) -> None:
    log = shallow(whole)
    TAMPERINGS[-1](log, random.Random(1))  # noqa: S311 - a test's mixture
    assert (await verified(log, [])).sound
    assert kinds(await verified(log, [whole.checkpoints[-1]])) == {"outside"}


async def test_a_checkpoint_of_another_key_does_not_count(whole: MemoryLog, tmp_path: Path) -> None:
    other = Signer.of(tmp_path)
    forged = parse_note(other.sign(RECORDS, whole.checkpoints[-1].checkpoint.root))
    assert kinds(await verified(whole, [forged])) == {"outside"}
    both = TrustedKeys([whole.signer.verifier, other.verifier])
    assert (await Auditor(whole, both).verify([forged])).sound


async def test_lost_leaves_nodes_and_records_are_told_apart(whole: MemoryLog) -> None:
    log = shallow(whole)
    del log.leaves[10]
    assert kinds(await verified(log, [])) == {"leaf"}
    log = shallow(whole)
    log.kept = [structs.replace(log.kept[0], hash=b"\0" * 32)]
    assert kinds(await verified(log, [])) == {"node"}
    log = shallow(whole)
    log.leaves[10] = structs.replace(log.leaves[10], record=None)
    assert kinds(await verified(log, [])) == {"missing"}
    log = shallow(whole)
    log.strays = ["decision dec_x"]
    assert kinds(await verified(log, [])) == {"unlogged"}
    log = shallow(whole)
    log.add("dec_more", "{}")
    assert kinds(await verified(log, [])) == {"checkpoint", "pruned"}


def personal(log: MemoryLog, name: str | None, told: str) -> Evidence:
    """A record of hanako, in which `told` stands in the place of her name today."""
    named = json.dumps(["acme", "hanako"], ensure_ascii=False).encode()
    subject = f"sub_{hashlib.sha256(SECRET + named).hexdigest()[:32]}"
    log.people = [Subject(subject, "acme", name, SECRET if name else None)]
    record = json.dumps({"user": subject, "tenant": "acme"})
    return Evidence(0, "decision", "dec_0", subject, b"x", leaf_hash(b"x", record.encode()), record, told or subject)


@pytest.mark.parametrize(
    ("name", "told", "erased", "found"),
    [
        ("hanako", "hanako", False, set()),
        ("hanako", "taro", False, {"name"}),
        ("taro", "taro", False, {"name"}),
        ("hanako", "", False, {"name"}),
        (None, "", False, {"name"}),
        (None, "", True, set()),
        (None, "hanako", True, {"name"}),
    ],
)
async def test_a_name_is_the_one_that_was_committed_to_or_erased(
    tmp_path: Path,
    name: str | None,
    told: str,
    erased: bool,  # noqa: FBT001 - a row of the table above
    found: set[str],
) -> None:
    log = MemoryLog(Signer.of(tmp_path))
    log.leaves = [personal(log, name, told)]
    log.seal()
    if erased:
        log.events = [AuditEvent("evt_1", NOW, "subject:erased", object=log.people[0].id)]
    assert kinds(await verified(log, [])) == found


async def test_pruned_records_are_as_many_as_events_tell(tmp_path: Path) -> None:
    log = MemoryLog.of(tmp_path, 5, 5)
    log.leaves[:2] = [structs.replace(leaf, record="{}") for leaf in log.leaves[:2]]
    assert kinds(await verified(log, [])) == {"pruned"}
    log.events = [AuditEvent("evt_1", NOW, "record:pruned", detail={"decisions": 2})]
    assert (await verified(log, [])).sound


async def test_what_cannot_be_proved_says_why(whole: MemoryLog) -> None:
    auditor = Auditor(whole, TrustedKeys([]))
    with pytest.raises(NotFound, match="no decision 'dec_x'"):
        await auditor.prove("decision", "dec_x")
    log = shallow(whole)
    log.leaves[3] = structs.replace(log.leaves[3], record="{}")
    with pytest.raises(NotFound, match="pruned"):
        await Auditor(log, TrustedKeys([])).prove("decision", "dec_3")
    log.add("dec_new", '{"n": 1}')
    with pytest.raises(NotFound, match="within seconds"):
        await Auditor(log, TrustedKeys([])).prove("decision", "dec_new")
    first, last = whole.checkpoints[0], whole.checkpoints[-1]
    with pytest.raises(InvalidRequest, match="cannot be compared"):
        await auditor.consistency(last, first)
    with pytest.raises(NotFound, match="no checkpoint of size 3"):
        await auditor.note(3)
    assert await auditor.note(EVERY) == first
