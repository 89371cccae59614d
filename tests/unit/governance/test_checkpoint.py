from pathlib import Path

import pytest

from kyozon.domain.audit import Checkpoint
from kyozon.domain.errors import MissingPiece
from kyozon.governance.checkpoint import VerifierKey, parse_key, parse_note, parse_notes
from kyozon.storage.audit.signing import Signer, TrustedKeys

# The key of the example in the documentation of golang.org/x/mod/sumdb/note.
KNOWN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ROOT = bytes(range(32))


def test_a_key_of_gos_note_package_is_read() -> None:
    key = parse_key(KNOWN)
    assert (key.name, key.hash.hex(), str(key)) == ("PeterNeumann", "c74f20a3", KNOWN)


@pytest.mark.parametrize(
    "text", ["", "x", KNOWN[:-2], KNOWN.replace("c7", "c8"), KNOWN.replace("Peter", "P eter"), "a+b+c"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="verifier key"):
        parse_key(text)


def test_a_signed_note_is_read_back_and_only_its_own_key_counts(tmp_path: Path) -> None:
    signer, other = Signer.of(tmp_path / "a"), Signer.of(tmp_path / "b")
    note = parse_note(signer.sign(7, ROOT))
    assert note.checkpoint == Checkpoint(signer.verifier.name, 7, ROOT)
    assert TrustedKeys([signer.verifier]).holds(note)
    assert not TrustedKeys([other.verifier]).holds(note)
    assert not TrustedKeys([VerifierKey(signer.verifier.name, other.verifier.public)]).holds(note)


def test_a_changed_note_does_not_hold(tmp_path: Path) -> None:
    signer = Signer.of(tmp_path)
    text = signer.sign(7, ROOT)
    assert not TrustedKeys([signer.verifier]).holds(parse_note(text.replace("\n7\n", "\n8\n")))
    with pytest.raises(ValueError, match="not a signed checkpoint"):
        parse_note(text.replace("—", "-"))
    with pytest.raises(ValueError, match="not a signed checkpoint"):
        parse_note(f"{text}more")


def test_notes_are_found_among_other_words(tmp_path: Path) -> None:
    signer = Signer.of(tmp_path)
    text = "\n".join(["kept by the auditor", signer.sign(1, ROOT), "torn off: kyozon-x\n12\n", signer.sign(2, ROOT)])
    assert [note.checkpoint.size for note in parse_notes(text)] == [1, 2]


def test_the_key_stays_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    first = Signer.of(tmp_path / "keys")
    file = tmp_path / "keys" / "signing.key"
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text("ascii").startswith(f"PRIVATE+KEY+{first.verifier.name}+{first.verifier.hash.hex()}+")
    assert Signer.of(tmp_path / "keys").verifier == first.verifier
    assert Signer.existing(tmp_path / "nowhere") is None


def test_a_key_file_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_text("PRIVATE+KEY+x", "ascii")
    with pytest.raises(MissingPiece, match=r"signing\.key"):
        Signer.of(tmp_path)
