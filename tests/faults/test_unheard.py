"""A write of which the store does not say whether it was done: whoever asked must not be told that it was not."""

import pytest

from fhir_server.fhir.outcome import Unavailable
from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio


class Unheard:
    """The store beneath, whose answers to writes are lost on their way; by then its audit cannot be reached either."""

    def __init__(self, store, *, lost: bool) -> None:
        self._commit, self._lost = store.commit, lost

    async def __call__(self, commit):
        if commit.changes and self._lost:
            await self._commit(commit)
            raise Unavailable.because("store-unsure")
        raise Unavailable.because("store-away")


@pytest.mark.untold("the store is away, and its trail with it")
@pytest.mark.parametrize(("lost", "key", "status"), [(True, "store-unsure", 200), (False, "store-away", 404)])
async def test_what_is_told_is_what_is_known_of_the_write(api, assembly, monkeypatch, lost, key, status):
    store = assembly.server.store._store
    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", Unheard(store, lost=lost))
        refused = await api.put("CarePlan/a", json=a_care_plan(id="a"))

    assert (503, [key]) == (refused.status_code, issue_keys(refused.json()))
    assert status == (await api.get("CarePlan/a")).status_code
