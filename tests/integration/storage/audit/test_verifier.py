"""The program that is given to others: in a process of its own, which cannot import Kyozon."""

import base64
import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kyozon.bootstrap.auditing import verifier_program
from kyozon.cli.audit import _inclusion
from kyozon.domain.audit import InclusionProof
from kyozon.services.audit import Auditor
from kyozon.storage.audit.log import snapshot
from kyozon.storage.audit.signing import Signer, TrustedKeys
from tests.integration.storage.audit.conftest import SealedLog

MOST_BYTES = 2000


class Checker:
    """Somebody who has the program, the key, and Python with `cryptography`."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        (folder / "verify.py").write_text(verifier_program(), "utf-8")
        # Without `site` no path file is read, and so no editable installation of Kyozon is found.
        self._start = f"import sys; sys.path.append({sysconfig.get_path('platlib')!r}); import runpy; "

    def run(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-c", self._start + code, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def check(self, proof: bytes, key: str | None = None) -> tuple[int, str]:
        (self.folder / "proof.json").write_bytes(proof)
        code = "sys.argv[0] = 'verify.py'; runpy.run_path('verify.py', run_name='__main__')"
        done = self.run(code, "proof.json", key or self.key)
        assert done.stderr == ""
        return done.returncode, done.stdout


@pytest.fixture
def checker(tmp_path: Path, sealed_log: SealedLog) -> Checker:
    return Checker(tmp_path, str(sealed_log.signer.verifier))


async def proved(log: SealedLog, kind: Any, ref: str) -> InclusionProof:
    async with snapshot(log.database) as still:
        return await Auditor(still, TrustedKeys([])).prove(kind, ref)


def changed(proof: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(proof), **fields}).encode()


async def test_kyozon_is_not_there(checker: Checker) -> None:
    assert "ModuleNotFoundError: No module named 'kyozon'" in checker.run("import kyozon").stderr


async def test_records_of_each_kind_are_proved_in_few_bytes(checker: Checker, sealed_log: SealedLog) -> None:
    await sealed_log.filled(900)
    ids = await sealed_log.record(1, requested_model='日本語 "\\ \x7f \u2028 \x01', user="花子")
    await sealed_log.sealer.finish()
    event = await sealed_log.value("SELECT id FROM audit_event LIMIT 1")
    for kind, ref in (("decision", ids[0]), ("outcome", ids[0]), ("event", event)):
        proof = await proved(sealed_log, kind, ref)
        text = msgspec.json.encode(_inclusion(proof))
        status, said = checker.check(text)
        assert (status, said.split()[0]) == (0, "OK:"), said
        assert ref in said
        assert len(text) - len((proof.evidence.record or "").encode()) < MOST_BYTES / 2
        assert "花子" not in text.decode()


async def test_a_proof_that_was_changed_proves_nothing(checker: Checker, sealed_log: SealedLog, tmp_path: Path) -> None:
    await sealed_log.filled(90)
    ids = await sealed_log.record(1)
    await sealed_log.sealer.finish()
    proof = msgspec.json.encode(_inclusion(await proved(sealed_log, "decision", ids[0])))
    whole = json.loads(proof)
    other = str(Signer.of(tmp_path / "other").verifier)
    wrong = [
        changed(proof, record={**whole["record"], "chosen": "forged"}),
        changed(proof, position=whole["position"] + 1),
        changed(proof, position=10_000),
        changed(proof, path=whole["path"][:-1]),
        changed(proof, path=[*whole["path"], whole["path"][0]]),
        changed(proof, salt=base64.b64encode(b"0" * 32).decode()),
        changed(proof, checkpoint=whole["checkpoint"].replace("\n18", "\n19")),
        changed(proof, checkpoint="nothing"),
        b"{}",
        b"no JSON",
    ]
    assert [checker.check(each)[0] for each in wrong] == [1] * len(wrong)
    assert checker.check(proof, other) == (1, "NOT PROVED: signed by another key\n")
    assert checker.check(proof)[0] == 0


async def test_a_log_that_has_only_grown_is_proved(checker: Checker, sealed_log: SealedLog) -> None:
    notes = await sealed_log.filled(300)
    async with snapshot(sealed_log.database) as still:
        proof = await Auditor(still, TrustedKeys([])).consistency(notes[0], notes[-1])
    path = [base64.b64encode(part).decode() for part in proof.path]
    text = json.dumps({"proof": "consistency", "old": proof.old, "new": proof.new, "path": path}).encode()
    assert len(text) < MOST_BYTES
    status, said = checker.check(text)
    assert (status, said.split()[0]) == (0, "OK:")
    forged = sealed_log.signer.sign(notes[-1].checkpoint.size, b"\0" * 32)
    assert checker.check(changed(text, new=forged))[0] == 1
    assert checker.check(changed(text, path=path[:-1]))[0] == 1


async def test_how_it_is_used_is_said(checker: Checker) -> None:
    done = checker.run("sys.argv[0] = 'verify.py'; runpy.run_path('verify.py', run_name='__main__')")
    assert done.returncode == 2
    assert "python verify.py PROOF.json KEY" in done.stderr
