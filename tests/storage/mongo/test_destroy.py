"""Nothing of what was destroyed is left in any collection."""

from pathlib import Path

import pytest

from fhir_server.storage.store import Commit, Destroy
from tests.databases import mongo
from tests.storage.contract import OPEN, Clock, write
from tests.storage.sqlite.test_scour import ELSE, SECRET, a_secret

pytestmark = pytest.mark.anyio


async def holding(database, word: str) -> set[str]:
    """The collections in which a word stands."""
    names = await database.list_collection_names()
    return {name for name in names if word in "".join([str(it) async for it in database[name].find({})])}


async def test_no_document_of_any_collection_has_it(tmp_path: Path):
    async with mongo(tmp_path, Clock()) as store:
        for id in ("a", "b"):
            await write(store, a_secret(id))
            await write(store, a_secret(id))
        await write(store, a_secret("other", word=ELSE))
        database = store._link.database
        assert {"resources", "versions"} == await holding(database, SECRET)

        await store.commit(Commit(OPEN, tuple(Destroy("CarePlan", id) for id in ("a", "b"))))
        await store.scour()

        assert set() == await holding(database, SECRET)
        assert {"resources"} == await holding(database, ELSE)
