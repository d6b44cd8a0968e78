"""The index made anew, in batches: where it begins, where it goes on, and what is searched meanwhile."""

import pytest

from fhir_server.interactions import reindex
from fhir_server.interactions.reindex import reindex_all
from fhir_server.search.index import Index
from fhir_server.storage.store import Indexing, Reindexed
from tests.builders import a_care_plan, issue_keys

pytestmark = pytest.mark.anyio
NAMES = "abcde"


class Stopped(Exception):
    """As a process is that was killed."""


@pytest.fixture(autouse=True)
def _in_small_batches(monkeypatch):
    monkeypatch.setattr(reindex, "BATCH", 2)


@pytest.fixture
async def plans(api, assembly):
    """Five plans of which the index knows nothing."""
    for name in NAMES:
        await api.put(f"CarePlan/{name}", json=a_care_plan(id=name))
    await forget(assembly, NAMES)
    assert [] == await found(api)


async def forget(assembly, names: str) -> None:
    await assembly.server.store.reindex([Reindexed("CarePlan", name, 1, Index(), ()) for name in names])


async def found(api) -> list[str]:
    answer = await api.get("CarePlan?category=SIP")
    assert 200 == answer.status_code, issue_keys(answer.json())
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


async def stopped_after(count: int, assembly) -> None:
    def show(reached: Indexing) -> None:
        if reached.done == count:
            raise Stopped

    with pytest.raises(Stopped):
        await reindex_all(assembly.server, assembly.index_version, show)


@pytest.mark.usefixtures("plans")
async def test_all_of_it_is_made_anew_in_its_order(api, assembly):
    shown: list[Indexing] = []

    reached = await reindex_all(assembly.server, assembly.index_version, shown.append)

    assert [0, 2, 4, 5] == [it.done for it in shown]
    assert ["", "b", "d", "e"] == [it.place[1] for it in shown]
    assert {5} == {it.total for it in shown}
    assert shown[-1] == reached
    assert list(NAMES) == await found(api)


@pytest.mark.usefixtures("plans")
async def test_it_goes_on_where_it_was_and_searches_wait_until_its_end(api, assembly):
    await stopped_after(2, assembly)
    waiting = await api.get("CarePlan?category=SIP")
    assert (503, ["index-incomplete"]) == (waiting.status_code, issue_keys(waiting.json()))
    await forget(assembly, "a")  # who goes on does not come by again
    shown: list[Indexing] = []

    await reindex_all(assembly.server, assembly.index_version, shown.append)

    assert [2, 4, 5] == [it.done for it in shown]
    assert list("bcde") == await found(api)


@pytest.mark.usefixtures("plans")
async def test_by_other_definitions_it_begins_anew(api, assembly):
    await stopped_after(2, assembly)
    await forget(assembly, "a")
    shown: list[Indexing] = []

    await reindex_all(assembly.server, "other definitions", shown.append)
    await reindex_all(assembly.server, assembly.index_version, shown.append)

    assert [0, 2, 4, 5, 0, 2, 4, 5] == [it.done for it in shown]
    assert list(NAMES) == await found(api)


@pytest.mark.usefixtures("plans")
async def test_what_is_written_meanwhile_comes_out_indexed(api, assembly):
    await stopped_after(2, assembly)
    for name in ("0", "aa", "bb", "f"):  # before, within and after what is done
        assert 201 == (await api.put(f"CarePlan/{name}", json=a_care_plan(id=name))).status_code
    await api.put("CarePlan/a", json=a_care_plan(id="a", category=[{"text": "of no code"}]))
    await api.put("CarePlan/e", json=a_care_plan(id="e", title="changed"))
    await api.delete("CarePlan/d")

    await reindex_all(assembly.server, assembly.index_version, lambda _: None)

    assert ["0", "aa", "b", "bb", "c", "e", "f"] == await found(api)
