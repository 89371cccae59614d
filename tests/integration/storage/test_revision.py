from kyozon.storage import migrate, revision


def test_the_newest_revision_told_from_file_names_is_alembics() -> None:
    assert revision.newest() == migrate.newest()


async def test_an_empty_database_has_none_and_an_upgraded_one_the_newest(empty_dsn: str) -> None:
    assert await revision.current(empty_dsn) is None
    await migrate.upgrade(empty_dsn)
    assert await revision.current(empty_dsn) == revision.newest()
