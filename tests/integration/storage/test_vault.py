import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.errors import MissingPiece, StorageUnavailable
from kyozon.storage.database import Database
from kyozon.storage.encoding import to_text
from kyozon.storage.master_keys import MasterKeys
from kyozon.storage.vault import UNSEALED, Sealed, Vault

ANN, BOB = ("acme", "ann"), ("acme", "bob")


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path / "keys")


async def known(database: Database, *names: str) -> None:
    """Put people on record, as each decision does."""
    async with database.writing() as connection:
        for name in names:
            await connection.execute("SELECT subject_of('acme', $1)", to_text(name))


@pytest.fixture
async def vault(database: Database, masters: MasterKeys) -> Vault:
    await known(database, "ann", "bob")
    return Vault(database, masters)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(payload=st.binary(max_size=100), name=st.text(max_size=8))
async def test_what_is_sealed_comes_back(vault: Vault, database: Database, payload: bytes, name: str) -> None:
    await known(database, name)
    sealed = await vault.seal(("acme", name), payload, "row 1")
    assert payload not in sealed.payload or len(payload) < 4
    assert await vault.open(sealed, "row 1") == payload
    assert await Vault(database, vault._masters).open(sealed, "row 1") == payload


async def test_what_was_moved_or_changed_does_not_open(vault: Vault) -> None:
    sealed = await vault.seal(ANN, b"words", "row 1")
    other = await vault.seal(BOB, b"words", "row 1")
    flipped = sealed.payload[:-1] + bytes([sealed.payload[-1] ^ 1])
    for wrong, row in (
        (sealed, "row 2"),
        (structs.replace(sealed, subject=other.subject), "row 1"),
        (structs.replace(sealed, payload=flipped), "row 1"),
    ):
        with pytest.raises(StorageUnavailable) as refused:
            await vault.open(wrong, row)
        assert not refused.value.retryable


async def test_the_same_words_never_look_the_same(vault: Vault) -> None:
    first, second = [await vault.seal(ANN, b"words", "row 1") for _ in range(2)]
    assert first.subject == second.subject
    assert first.payload != second.payload


async def test_servers_that_begin_at_once_make_one_key(database: Database, masters: MasterKeys) -> None:
    await known(database, "ann")
    vaults = [Vault(database, masters) for _ in range(6)]
    sealed = await asyncio.gather(*(vault.seal(ANN, b"words", "row 1") for vault in vaults))
    assert len({each.subject for each in sealed}) == 1
    assert [await vaults[0].open(each, "row 1") for each in sealed] == [b"words"] * 6
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM subject_key") == 1


async def test_without_its_key_nothing_is_given(vault: Vault, database: Database, tmp_path: Path) -> None:
    sealed = await vault.seal(ANN, b"words", "row 1")
    stranger = Vault(database, MasterKeys(tmp_path / "other"))
    with pytest.raises(StorageUnavailable, match="same keys"):
        await stranger.open(sealed, "row 1")
    async with database.writing() as connection:
        await connection.execute("DELETE FROM subject_key")
    assert await Vault(database, vault._masters).open(sealed, "row 1") is None


async def test_what_nobody_owns_is_as_it_was(vault: Vault) -> None:
    assert await vault.open(Sealed(None, b"of an earlier version"), "row 1") == b"of an earlier version"
    assert await UNSEALED.open(await UNSEALED.seal(ANN, b"x", "row 1"), "row 1") == b"x"


def test_the_key_file_is_for_its_owner_and_is_renewed_whole(masters: MasterKeys, tmp_path: Path) -> None:
    (first,) = masters.all()
    file = tmp_path / "keys" / "master.keys"
    assert file.stat().st_mode & 0o077 == 0
    new = masters.renew()
    assert masters.all() == [new, first]
    masters.keep_newest()
    assert masters.all() == [new]
    assert [path.name for path in file.parent.iterdir()] == ["master.keys"]


@pytest.mark.parametrize("text", ["", "c2hvcnQ=\n", "not base64!\n"])
def test_a_key_file_that_is_none_is_said_so(masters: MasterKeys, tmp_path: Path, text: str) -> None:
    masters.all()
    (tmp_path / "keys" / "master.keys").write_text(text, "ascii")
    with pytest.raises(MissingPiece, match=r"master\.keys"):
        masters.all()
