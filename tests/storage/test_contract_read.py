"""The contract of every store: one resource by its id, its versions, its history."""

import hashlib

import pytest

from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.query import NOW, Everything, OfPatient, Query, Related, Token, Without, every
from fhir_server.storage.store import Commit, Delete, Grant, Relation, Stored
from tests.storage.contract import MINE, NARROWED, NOON, OPEN, THEIRS, a_put, text_of, write

pytestmark = pytest.mark.anyio


async def test_a_resource_is_read_as_it_was_written(store, grant):
    text = text_of("SIP", 1, NOON)

    (written,) = await write(store, a_put("a", title="SIP", method="POST"), grant=grant)

    assert Stored("CarePlan", "a", 1, NOON, text, "POST", (MINE,), hashlib.sha256(text).digest()) == written
    assert written == await store.read("CarePlan", "a", grant)


async def test_a_resource_that_never_was_is_not_found(store, grant):
    await write(store, a_put("a"))

    with pytest.raises(NotFound):
        await store.read("CarePlan", "b", grant)
    with pytest.raises(NotFound):
        await store.read("Goal", "a", grant)


async def test_a_deleted_resource_is_gone(store, grant):
    await write(store, a_put("a"), a_put("b"))
    (deleted,) = await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))

    assert (2, b"", "DELETE", True) == (deleted.version, deleted.text, deleted.method, deleted.deleted)
    with pytest.raises(Gone):
        await store.read("CarePlan", "a", grant)
    assert 1 == (await store.read("CarePlan", "b", grant)).version


async def test_another_patients_resource_is_as_one_that_never_was(store):
    await write(store, a_put("a", patient=THEIRS), a_put("b", patient=THEIRS))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "b"),)))

    for hidden in (store.read("CarePlan", "a", NARROWED), store.read("CarePlan", "b", NARROWED)):
        with pytest.raises(NotFound) as refusal:
            await hidden
        assert "not-found" == refusal.value.issues[0].key
    assert "a" == (await store.read("CarePlan", "a", OPEN)).id
    with pytest.raises(Gone):
        await store.read("CarePlan", "b", OPEN)


@pytest.mark.parametrize(("at", "found"), [(9, False), (10, True), (20, True), (21, False)])
async def test_a_grant_that_lasts_is_judged_at_the_moment_of_each_call(store, at, found):
    team = Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t", start=10, end=20)
    await write(store, a_put("t", type="CareTeam", relations=(team,)), a_put("a"))
    lasting = Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), NOW)

    for moment, there in ((15, True), (at, found), (15, True)):
        grant = Grant(lasting, "TREAT", "team", at=moment)
        page = await store.search(Query("CarePlan"), grant, count=2)
        assert there == bool(page.items)
        if there:
            assert 1 == (await store.read("CarePlan", "a", grant)).version
        else:
            with pytest.raises(NotFound):
                await store.read("CarePlan", "a", grant)


async def test_a_grant_judges_a_deleted_resource_by_what_it_last_was(store):
    not_secret = Grant(every(Everything(), Without(Token("_security", None, "R"))), "TREAT", "no-restricted")
    await write(store, a_put("a", tokens={"_security": [("s", "R")]}), a_put("b"))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "a"), Delete("CarePlan", "b"))))

    with pytest.raises(NotFound):
        await store.read("CarePlan", "a", not_secret)
    with pytest.raises(NotFound):
        await store.history("CarePlan", "a", not_secret, count=10)
    with pytest.raises(Gone):
        await store.read("CarePlan", "b", not_secret)


async def test_each_version_is_read_by_its_number(store, grant):
    await write(store, a_put("a", title="one"))
    await write(store, a_put("a", title="two"))

    assert text_of("one", 1, NOON) == (await store.vread("CarePlan", "a", 1, grant)).text
    assert text_of("two", 2, NOON + 1) == (await store.vread("CarePlan", "a", 2, grant)).text
    with pytest.raises(NotFound):
        await store.vread("CarePlan", "a", 3, grant)


async def test_the_version_of_a_deletion_is_gone_and_those_before_it_are_not(store, grant):
    await write(store, a_put("a", title="one"))
    await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))

    with pytest.raises(Gone):
        await store.vread("CarePlan", "a", 2, grant)
    assert text_of("one", 1, NOON) == (await store.vread("CarePlan", "a", 1, grant)).text


async def test_a_history_is_newest_first_with_its_deletions(store, grant, clock):
    await write(store, a_put("a", title="one", method="POST"))
    clock.now += 1000
    await store.commit(Commit(OPEN, (Delete("CarePlan", "a"),)))
    clock.now += 1000
    await write(store, a_put("a", title="three"))

    page = await store.history("CarePlan", "a", grant, count=10)

    assert [(3, "PUT"), (2, "DELETE"), (1, "POST")] == [(one.version, one.method) for one in page.items]
    assert [text_of("three", 3, NOON + 2000), b"", text_of("one", 1, NOON)] == [one.text for one in page.items]
    assert (3, None) == (page.total, page.next)


async def test_a_history_is_turned_page_by_page(store, grant):
    for _ in range(5):
        await write(store, a_put("a"))

    first = await store.history("CarePlan", "a", grant, count=2)
    second = await store.history("CarePlan", "a", grant, count=2, after=first.next)
    third = await store.history("CarePlan", "a", grant, count=2, after=second.next)

    assert [[5, 4], [3, 2], [1]] == [[one.version for one in page.items] for page in (first, second, third)]
    assert [5, 5, 5] == [page.total for page in (first, second, third)]
    assert third.next is None


async def test_a_history_since_an_instant_has_what_was_made_then_or_later(store, grant, clock):
    for _ in range(3):
        clock.now += 1000
        await write(store, a_put("a"))

    page = await store.history("CarePlan", "a", grant, count=10, since=NOON + 2000)
    nothing_since = await store.history("CarePlan", "a", grant, count=10, since=NOON + 3001)

    assert [3, 2] == [one.version for one in page.items]
    assert 2 == page.total
    assert ((), 0) == (nothing_since.items, nothing_since.total)


async def test_the_history_of_what_never_was_is_not_found(store, grant):
    await write(store, a_put("a", patient=THEIRS))

    with pytest.raises(NotFound):
        await store.history("CarePlan", "b", grant, count=10)
    with pytest.raises(NotFound):
        await store.history("CarePlan", "a", NARROWED, count=10)
    assert 1 == (await store.history("CarePlan", "a", OPEN, count=10)).total


async def test_versions_of_another_patients_time_are_not_shown(store):
    await write(store, a_put("a", title="theirs", patient=THEIRS))
    await write(store, a_put("a", title="mine", patient=MINE))

    narrowed = await store.history("CarePlan", "a", NARROWED, count=10)

    assert ([2], 1) == ([one.version for one in narrowed.items], narrowed.total)
    with pytest.raises(NotFound):
        await store.vread("CarePlan", "a", 1, NARROWED)
    assert 1 == (await store.vread("CarePlan", "a", 1, OPEN)).version
    assert 2 == (await store.history("CarePlan", "a", OPEN, count=10)).total


async def test_versions_of_my_time_are_not_shown_once_the_resource_is_another_patients(store):
    await write(store, a_put("a", title="mine", patient=MINE))
    await write(store, a_put("a", title="theirs", patient=THEIRS))
    both = Grant(OfPatient(frozenset({MINE, THEIRS})), "TREAT", "both")

    for hidden in (
        store.read("CarePlan", "a", NARROWED),
        store.vread("CarePlan", "a", 1, NARROWED),
        store.history("CarePlan", "a", NARROWED, count=10),
    ):
        with pytest.raises(NotFound):
            await hidden
    assert 1 == (await store.vread("CarePlan", "a", 1, both)).version


async def test_every_current_resource_is_walked_through_by_type_and_id(store, grant):
    await write(store, a_put("b"), a_put("a"), a_put("x", type="Basic"), a_put("gone"), a_put("t", patient=THEIRS))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "gone"),)))

    found = [(one.type, one.id) async for one in store.resources(grant)]
    later = [(one.type, one.id) async for one in store.resources(grant, after=("CarePlan", "a"))]

    theirs = [("CarePlan", "t")] if grant is OPEN else []
    assert [("Basic", "x"), ("CarePlan", "a"), ("CarePlan", "b"), *theirs] == found
    assert [("CarePlan", "b"), *theirs] == later


async def test_a_walk_through_many_resources_leaves_none_out(store, grant):
    await write(store, *(a_put(f"{number:04}") for number in range(450)))

    assert [f"{number:04}" for number in range(450)] == [one.id async for one in store.resources(grant)]
