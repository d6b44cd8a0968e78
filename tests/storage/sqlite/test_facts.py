"""What the server itself remembers, as it lies in the database."""

import pytest

from tests.storage.contract import NOON, Clock, sqlite_at

pytestmark = pytest.mark.anyio


async def test_what_has_expired_is_cleared_away_when_something_is_kept():
    clock = Clock()
    async with sqlite_at(":memory:", clock) as store:
        for key, until in (("short", NOON + 10), ("long", NOON + 11), ("for ever", 0)):
            await store.keep("jti", key, "", until=until)
        clock.now += 10
        await store.keep("jti", "new", "", until=0)

        rows = store._readers.here(lambda it: it.execute("SELECT key FROM facts ORDER BY key").fetchall())
        assert ["for ever", "long", "new"] == [key for (key,) in rows]


async def test_what_is_kept_outlives_the_process(tmp_path):
    path = str(tmp_path / "plans.db")
    async with sqlite_at(path, Clock()) as store:
        await store.keep("client", "key", "text", until=0)

    async with sqlite_at(path, Clock()) as store:
        assert "text" == await store.kept("client", "key")
