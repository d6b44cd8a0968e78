"""The contract of every store: what a Commit writes, and what it refuses."""

import asyncio

import pytest

from fhir_server.fhir.outcome import Conflict, Gone, NotFound, Stale
from fhir_server.search.query import OfPatient, Query, Related, Token
from fhir_server.storage.store import Commit, Delete, Grant, Matches, Overtaken, Relation
from tests.storage.contract import (
    MINE,
    NARROWED,
    NOON,
    OPEN,
    THEIRS,
    a_draft,
    a_notice,
    a_put,
    an_entry,
    ids,
    text_of,
    write,
)

pytestmark = pytest.mark.anyio

IDENTIFIED = {"identifier": [("urn:oid:1", "7")]}
BY_IDENTIFIER = Query("CarePlan", Token("identifier", "urn:oid:1", "7"))


async def test_versions_count_up_from_one(store, grant):
    numbers = [(await write(store, a_put("a"), grant=grant))[0].version for _ in range(3)]

    assert [1, 2, 3] == numbers


async def test_each_change_of_a_commit_has_its_result_in_its_place(store, grant):
    await write(store, a_put("b"), a_put("c"))

    results = await store.commit(Commit(grant, (a_put("b"), a_put("a"), Delete("CarePlan", "c"))))

    assert [("b", 2, False), ("a", 1, False), ("c", 2, True)] == [(it.id, it.version, it.deleted) for it in results]


async def test_a_commit_of_many_changes_writes_them_all(store, grant):
    results = await write(store, *(a_put(f"{number}") for number in range(150)), grant=grant)

    assert [f"{number}" for number in range(150)] == [stored.id for stored in results]
    assert 150 == (await store.search(Query("CarePlan"), grant, count=1)).total


# ------------------------------------------------------------------------------------------------ time and numbers


async def test_a_version_is_later_than_the_one_before_also_when_the_clock_stands_still(store, grant):
    times = [(await write(store, a_put("a"), grant=grant))[0].updated for _ in range(3)]

    assert [NOON, NOON + 1, NOON + 2] == times


async def test_a_version_is_later_than_the_one_before_also_when_the_clock_goes_back(store, grant, clock):
    await write(store, a_put("a"), grant=grant)
    clock.now -= 3_600_000
    (changed,) = await write(store, a_put("a", title="two"), grant=grant)
    (deleted,) = await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))
    (new,) = await write(store, a_put("b"), grant=grant)

    assert (NOON + 1, text_of("two", 2, NOON + 1)) == (changed.updated, changed.text)
    assert NOON + 2 == deleted.updated
    assert NOON - 3_600_000 == new.updated


async def test_what_comes_back_after_a_deletion_goes_on_counting(store, grant):
    await write(store, a_put("a"), grant=grant)
    await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))

    (back,) = await write(store, a_put("a", title="back"), grant=grant)

    assert 3 == back.version
    assert back == await store.read("CarePlan", "a", grant)


# ------------------------------------------------------------------------------------------------ there or not


async def test_a_create_where_there_is_one_conflicts(store, grant):
    await write(store, a_put("a", title="first", present=False), grant=grant)

    with pytest.raises(Conflict):
        await write(store, a_put("a", title="second", present=False), grant=grant)
    assert text_of("first", 1, NOON) == (await store.read("CarePlan", "a", grant)).text


async def test_a_create_where_there_was_one_goes_on_counting(store, grant):
    await write(store, a_put("a"))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "a"),)))

    assert 3 == (await write(store, a_put("a", present=False), grant=grant))[0].version


async def test_an_update_that_may_not_create_finds_nothing(store, grant):
    await write(store, a_put("a"), a_put("deleted"))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "deleted"),)))

    for id in ("b", "deleted"):
        with pytest.raises(NotFound):
            await write(store, a_put(id, absent=False), grant=grant)
    assert 2 == (await write(store, a_put("a", absent=False), grant=grant))[0].version


async def test_a_deletion_of_what_never_was_is_not_found(store, grant):
    with pytest.raises(NotFound):
        await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))


async def test_what_is_deleted_already_stays_as_it_is(store, grant):
    await write(store, a_put("a"))
    (once,) = await store.commit(Commit(grant, (Delete("CarePlan", "a"),), notices=(a_notice(),)))
    (twice,) = await store.commit(
        Commit(grant, (Delete("CarePlan", "a"),), entries=(an_entry(),), notices=(a_notice(),))
    )

    assert once == twice
    assert 2 == (await store.history("CarePlan", "a", grant, count=10)).total
    assert [2] == [entry.version for _, entry in await store.entries(OPEN)]
    assert [(2, a_notice())] == [(version, notice) for _, version, notice in await store.notices()]


# ------------------------------------------------------------------------------------------------ If-Match


async def test_the_version_named_must_be_the_current_one(store, grant):
    await write(store, a_put("a"))
    await write(store, a_put("a"))

    for stale in (a_put("a", version=1), a_put("a", version=3), Delete("CarePlan", "a", version=1)):
        with pytest.raises(Stale):
            await store.commit(Commit(grant, (stale,)))
    assert 3 == (await write(store, a_put("a", version=2), grant=grant))[0].version
    assert 4 == (await store.commit(Commit(grant, (Delete("CarePlan", "a", version=3),))))[0].version


async def test_the_version_of_what_never_was_is_not_current(store, grant):
    with pytest.raises(Stale):
        await write(store, a_put("a", version=1), grant=grant)
    with pytest.raises(NotFound):
        await write(store, a_put("a", version=1, absent=False), grant=grant)


async def test_of_thirty_two_who_change_one_version_one_wins(store, grant):
    await write(store, a_put("a"))

    changes = [write(store, a_put("a", title=f"{number}", version=1), grant=grant) for number in range(32)]
    results = await asyncio.gather(*changes, return_exceptions=True)

    assert 31 == sum(isinstance(result, Stale) for result in results)
    ((winner,),) = [result for result in results if isinstance(result, tuple)]
    assert winner == await store.read("CarePlan", "a", grant)
    assert 2 == winner.version


async def test_thirty_two_who_change_one_resource_make_thirty_two_versions(store, grant):
    results = await asyncio.gather(*(write(store, a_put("a", title=f"{n}"), grant=grant) for n in range(32)))

    assert list(range(1, 33)) == sorted(stored.version for (stored,) in results)
    history = await store.history("CarePlan", "a", grant, count=100)
    assert {stored.text for (stored,) in results} == {stored.text for stored in history.items}


# ------------------------------------------------------------------------------------------------ the grant


async def test_another_patients_resource_is_not_changed(store):
    await write(store, a_put("a", title="theirs", patient=THEIRS))

    for change in (
        a_put("a"),
        a_put("a", present=False),
        a_put("a", version=1),
        a_put("a", version=9),
        Delete("CarePlan", "a"),
        Delete("CarePlan", "a", version=9),
    ):
        with pytest.raises(NotFound):
            await store.commit(Commit(NARROWED, (change,)))
    assert text_of("theirs", 1, NOON) == (await store.read("CarePlan", "a", OPEN)).text
    assert 2 == (await write(store, a_put("a"), grant=OPEN))[0].version


async def test_nothing_is_written_that_the_writer_could_not_see(store):
    await write(store, a_put("a"))

    for change in (a_put("a", patient=THEIRS), a_put("b", patient=THEIRS)):
        with pytest.raises(NotFound):
            await store.commit(Commit(NARROWED, (change,)))
    assert 1 == (await store.read("CarePlan", "a", OPEN)).version
    with pytest.raises(NotFound):
        await store.read("CarePlan", "b", OPEN)
    assert 2 == (await write(store, a_put("a", patient=MINE), grant=NARROWED))[0].version


async def test_one_change_out_of_reach_refuses_the_whole_commit(store):
    await write(store, a_put("theirs", patient=THEIRS))

    with pytest.raises(NotFound):
        await write(store, a_put("a"), a_put("theirs"), grant=NARROWED)
    with pytest.raises(NotFound):
        await store.read("CarePlan", "a", OPEN)


async def test_nobody_lets_himself_in_by_the_relation_he_writes(store):
    related = Grant(Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), NOON), "TREAT", "related")
    mine = Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t")

    with pytest.raises(NotFound):
        await write(store, a_put("t", type="CareTeam", relations=(mine,)), grant=related)
    await write(store, a_put("t", type="CareTeam", relations=(mine,)), grant=OPEN)
    assert 2 == (await write(store, a_put("t", type="CareTeam", relations=(mine,)), grant=related))[0].version


# ------------------------------------------------------------------------------------------------ conditions


async def test_what_was_made_from_another_version_than_the_current_one_is_overtaken_and_not_stale(store, grant):
    await write(store, a_put("a"), a_put("b"))

    assert 2 == (await write(store, a_put("a", version=1, rereads=True), grant=grant))[0].version
    for changes in (
        [a_put("a", version=1, rereads=True)],
        [a_put("b", version=1), a_put("a", version=1, rereads=True)],
    ):
        with pytest.raises(Overtaken):
            await write(store, *changes, grant=grant)
    with pytest.raises(Stale):
        await write(store, a_put("b", version=9), a_put("a", version=1, rereads=True), grant=grant)
    assert (2, 1) == tuple([(await store.read("CarePlan", id, grant)).version for id in "ab"])


async def test_what_was_made_from_a_version_that_is_deleted_by_now_is_overtaken(store, grant):
    await write(store, a_put("a"))
    await store.commit(Commit(grant, (Delete("CarePlan", "a"),)))

    with pytest.raises(Overtaken):
        await write(store, a_put("a", version=1, rereads=True), grant=grant)


async def test_a_create_if_nothing_matches_is_made_where_nothing_does(store, grant):
    condition = Matches(BY_IDENTIFIER)
    await store.commit(Commit(grant, (a_put("a", tokens=IDENTIFIED),), (condition,)))

    with pytest.raises(Overtaken):
        await store.commit(Commit(grant, (a_put("b", tokens=IDENTIFIED),), (condition,)))
    assert ["a"] == ids(await store.search(Query("CarePlan"), grant, count=10))


async def test_what_is_deleted_matches_no_condition(store, grant):
    await write(store, a_put("a", tokens=IDENTIFIED))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "a"),)))

    (made,) = await store.commit(Commit(grant, (a_put("b", tokens=IDENTIFIED),), (Matches(BY_IDENTIFIER),)))

    assert ("b", 1) == (made.id, made.version)


async def test_of_thirty_two_conditional_creates_one_is_made(store, grant):
    creates = [
        store.commit(Commit(grant, (a_put(f"{n}", tokens=IDENTIFIED),), (Matches(BY_IDENTIFIER),))) for n in range(32)
    ]
    results = await asyncio.gather(*creates, return_exceptions=True)

    assert 31 == sum(isinstance(result, Overtaken) for result in results)
    assert 1 == (await store.search(BY_IDENTIFIER, grant, count=10)).total


async def test_a_condition_sees_a_commit_that_came_just_before_it(store, grant):
    plain = write(store, a_put("a", tokens=IDENTIFIED), grant=grant)
    conditional = store.commit(Commit(grant, (a_put("b", tokens=IDENTIFIED),), (Matches(BY_IDENTIFIER),)))

    _, result = await asyncio.gather(plain, conditional, return_exceptions=True)

    assert isinstance(result, Overtaken)


async def test_a_condition_is_judged_before_the_changes_of_its_own_commit(store, grant):
    twice = (a_put("a", tokens=IDENTIFIED), a_put("b", tokens=IDENTIFIED))

    await store.commit(Commit(grant, twice, (Matches(BY_IDENTIFIER), Matches(BY_IDENTIFIER))))

    assert ["a", "b"] == ids(await store.search(BY_IDENTIFIER, grant, count=10))


async def test_a_change_of_the_only_match_wants_it_to_be_the_only_one(store, grant):
    await write(store, a_put("a", tokens=IDENTIFIED))
    only = (Matches(BY_IDENTIFIER, frozenset({"a"})),)

    assert 2 == (await store.commit(Commit(grant, (a_put("a", tokens=IDENTIFIED),), only)))[0].version
    await write(store, a_put("b", tokens=IDENTIFIED))
    with pytest.raises(Overtaken):
        await store.commit(Commit(grant, (a_put("a", tokens=IDENTIFIED),), only))


async def test_a_change_of_the_only_match_wants_it_to_be_that_one(store, grant):
    await write(store, a_put("b", tokens=IDENTIFIED))

    with pytest.raises(Overtaken):
        await store.commit(Commit(grant, (a_put("a"),), (Matches(BY_IDENTIFIER, frozenset({"a"})),)))
    with pytest.raises(Overtaken):
        await store.commit(Commit(grant, (a_put("a"),), (Matches(Query("Goal"), frozenset({"b"})),)))


async def test_what_was_looked_at_stands_as_it_did(store, grant):
    await write(store, a_put("a", tokens=IDENTIFIED))
    as_it_was = Matches(BY_IDENTIFIER, frozenset({"a"}), versions=frozenset({("a", 1)}))

    assert 1 == (await store.commit(Commit(grant, (a_put("other"),), (as_it_was,))))[0].version
    await write(store, a_put("a", tokens=IDENTIFIED))
    with pytest.raises(Overtaken):
        await store.commit(Commit(grant, (a_put("other"),), (as_it_was,)))


async def test_nothing_of_a_refused_commit_is_written(store, grant):
    await write(store, a_put("a", tokens=IDENTIFIED))
    relation = Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t")
    refused = (
        ((a_put("new", relations=(relation,)), a_put("a", version=9)), ()),
        ((a_put("new", relations=(relation,)), a_put("a", present=False)), ()),
        ((a_put("new", relations=(relation,)), Delete("CarePlan", "never")), ()),
        ((a_put("new", relations=(relation,)),), (Matches(BY_IDENTIFIER),)),
    )

    for changes, conditions in refused:
        with pytest.raises((Stale, Conflict, NotFound, Overtaken)):
            await store.commit(Commit(grant, changes, conditions, (an_entry("new"),), (a_notice("new"),)))

    assert ["a"] == ids(await store.search(Query("CarePlan"), OPEN, count=10))
    assert [(), (), ()] == [
        tuple(it) for it in (await store.entries(OPEN), await store.notices(), await store.relations(MINE))
    ]


# ------------------------------------------------------------------------------------------------ in company


async def test_those_that_stand_are_written_beside_one_that_is_refused(store, grant):
    await write(store, a_put("taken"))

    commits = [write(store, a_put(f"{n}", title=f"{n}"), grant=grant) for n in range(31)]
    commits.insert(16, write(store, a_put("taken", present=False), grant=grant))
    results = await asyncio.gather(*commits, return_exceptions=True)

    assert [16] == [place for place, result in enumerate(results) if isinstance(result, Conflict)]
    for n in range(31):
        assert text_of(f"{n}", 1, NOON) == (await store.read("CarePlan", f"{n}", grant)).text


async def test_commits_handed_in_together_come_in_that_order(store, grant):
    create = write(store, a_put("a", title="one", present=False), grant=grant)
    change = write(store, a_put("a", title="two", version=1), grant=grant)
    delete = store.commit(Commit(grant, (Delete("CarePlan", "a", version=2),)))

    results = await asyncio.gather(create, change, delete)

    assert [1, 2, 3] == [stored.version for (stored,) in results]
    with pytest.raises(Gone):
        await store.read("CarePlan", "a", grant)


async def test_a_grant_of_many_patients_writes_for_each_of_them(store):
    both = Grant(OfPatient(frozenset({MINE, THEIRS})), "TREAT", "both")

    results = await write(store, a_put("a", patient=MINE), a_put("b", patient=THEIRS), grant=both)

    assert [(MINE,), (THEIRS,)] == [stored.patients for stored in results]


async def test_the_text_is_stored_byte_for_byte(store, grant):
    strange = 'å ∑ \\u00e5 1.00 1e3 \\n "'.replace('"', '\\"')

    (written,) = await write(store, a_put("a", title=strange), grant=grant)

    assert text_of(strange, 1, NOON) == written.text
    assert written == await store.read("CarePlan", "a", grant)
    assert a_draft(strange).after in written.text
