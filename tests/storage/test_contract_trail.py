"""The contract of every store: the audit, the outbox, the relations, the index made anew."""

import pytest

from fhir_server.fhir.outcome import NotFound, Unavailable
from fhir_server.search.index import Index
from fhir_server.search.query import Every, OfPatient, Query, Related, Span, Token, Without
from fhir_server.storage.store import Commit, Delete, Entry, Grant, Matches, Notice, Order, Reindexed, Relation
from tests.storage.contract import MINE, NOON, OPEN, THEIRS, a_notice, a_put, an_entry, ids, write

pytestmark = pytest.mark.anyio

TEAM = Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t", "CarePlan/a", NOON - 10, NOON + 10)


# ------------------------------------------------------------------------------------------------ the audit


async def test_an_entry_is_kept_as_it_was_told(store, grant):
    entry = Entry(NOON, '{"who":"x"}', "vread", 200, "CarePlan", "a", 7, MINE, "rule", "TREAT", "request", "_count=1")

    await store.commit(Commit(grant, entries=(entry,)))

    assert [entry] == [told for _, told in await store.entries(grant)]


async def test_an_entry_of_a_write_has_the_version_and_the_patient_of_its_change(store, grant):
    await store.commit(Commit(grant, (a_put("a"), a_put("b")), (), (an_entry("a"), an_entry("b"), an_entry("c"))))
    await store.commit(
        Commit(grant, (Delete("CarePlan", "a"),), (), (an_entry("a", version=9, patient="other"), an_entry("a")))
    )

    told = [(entry.id, entry.version, entry.patient) for _, entry in await store.entries(OPEN)]
    assert [("a", 1, MINE), ("b", 1, MINE), ("c", 0, ""), ("a", 9, "other"), ("a", 2, MINE)] == told


async def test_entries_are_read_in_their_order_from_a_number_on(store, grant):
    for name in "abcd":
        await store.commit(Commit(grant, entries=(an_entry(name, patient=MINE),)))

    (first, _), (second, _) = await store.entries(grant, count=2)

    assert [("c"), ("d")] == [entry.id for _, entry in await store.entries(grant, after=second)]
    assert first < second


async def test_entries_are_narrowed_like_anything_else(store, grant):
    for name, patient in (("mine", MINE), ("theirs", THEIRS), ("nobody's", ""), ("both's", f"{MINE} {THEIRS}")):
        await store.commit(Commit(OPEN, entries=(an_entry(name, patient=patient),)))

    names = [entry.id for _, entry in await store.entries(grant)]

    assert (["mine", "theirs", "nobody's", "both's"] if grant is OPEN else ["mine", "both's"]) == names


async def test_entries_are_narrowed_by_relation(store):
    await write(store, a_put("t", type="CareTeam", relations=(TEAM,)))
    for name, patient in (("mine", MINE), ("theirs", THEIRS)):
        await store.commit(Commit(OPEN, entries=(an_entry(name, patient=patient),)))
    related = Related(frozenset({"Practitioner/1"}), frozenset({"care-team"}), NOON)

    assert ["mine"] == [entry.id for _, entry in await store.entries(Grant(related, "TREAT", "related"))]
    assert ["theirs"] == [entry.id for _, entry in await store.entries(Grant(Without(related), "TREAT", "others"))]


async def test_entries_are_found_by_their_request_within_a_grant(store, grant):
    for name, request, patient in (("mine", "r1", MINE), ("theirs", "r1", THEIRS), ("other", "r2", MINE)):
        await store.commit(Commit(OPEN, entries=(an_entry(name, request=request, patient=patient),)))
    where = Every((Span("at", "eq", NOON, NOON + 1), Token("request", None, "r1")))

    found, total = await store.find_entries(where, grant, Order(), count=9, total=True)

    expected = ["mine", "theirs"] if grant is OPEN else ["mine"]
    assert (expected, len(expected)) == ([entry.id for _, entry in found], total)


async def test_a_grant_that_speaks_of_more_than_patients_reaches_no_entry(store):
    await store.commit(Commit(OPEN, entries=(an_entry("a", patient=MINE),)))

    assert [] == list(await store.entries(Grant(Without(Token("_security", None, "R")), "TREAT", "labels")))
    assert 1 == len(await store.entries(Grant(Without(OfPatient(frozenset({THEIRS}))), "TREAT", "not theirs")))


# ------------------------------------------------------------------------------------------------ the outbox


async def test_a_notice_has_the_version_of_its_change(store, grant):
    await store.commit(Commit(grant, (a_put("a"), a_put("b")), notices=(a_notice("b"), a_notice("a"))))
    await store.commit(Commit(grant, (a_put("a"),), notices=(Notice("CarePlan", "a", "write"),)))

    assert [(1, a_notice("b")), (1, a_notice("a")), (2, a_notice("a"))] == [
        (version, notice) for _, version, notice in await store.notices()
    ]


async def test_notices_are_read_in_their_order_from_a_number_on(store, grant):
    for name in "abcd":
        await store.commit(Commit(grant, (a_put(name),), notices=(a_notice(name),)))

    number = (await store.notices(count=2))[-1][0]

    assert ["c", "d"] == [notice.id for _, _, notice in await store.notices(after=number)]


# ------------------------------------------------------------------------------------------------ relations


async def test_relations_stand_as_long_as_the_resource_that_makes_them(store, grant):
    other = Relation(MINE, "Organization/2", "consent", "Consent/c")
    await write(store, a_put("t", type="CareTeam", relations=(TEAM,)), a_put("c", type="Consent", relations=(other,)))
    assert [other, TEAM] == list(await store.relations(MINE))

    await write(store, a_put("c", type="Consent"), grant=grant)
    assert [TEAM] == list(await store.relations(MINE))
    await store.commit(Commit(grant, (Delete("CareTeam", "t"),)))
    assert [] == list(await store.relations(MINE))
    await write(store, a_put("t", type="CareTeam", relations=(TEAM,)), grant=grant)
    assert [TEAM] == list(await store.relations(MINE))


async def test_relations_of_another_patient_are_another_patients(store):
    await write(store, a_put("t", type="CareTeam", relations=(TEAM,)))

    assert [] == list(await store.relations(THEIRS))
    assert [TEAM] == list(await store.relations(MINE))


# ------------------------------------------------------------------------------------------------ the index anew


async def test_a_search_is_refused_while_the_index_is_being_made_and_a_read_is_not(store, grant):
    await write(store, a_put("a"))
    await store.index_is("")

    assert "" == await store.index_version()
    with pytest.raises(Unavailable) as refusal:
        await store.search(Query("CarePlan"), grant, count=10)
    assert ("index-incomplete", "incomplete") == (refusal.value.issues[0].key, refusal.value.issues[0].code)
    assert "a" == (await store.read("CarePlan", "a", grant)).id

    await store.index_is("tomorrow's")
    assert "tomorrow's" == await store.index_version()
    assert ["a"] == ids(await store.search(Query("CarePlan"), grant, count=10))


async def test_no_condition_is_judged_by_an_index_that_is_being_made(store, grant):
    conditional = Commit(grant, (a_put("a"),), (Matches(Query("CarePlan")),))
    await store.index_is("")

    with pytest.raises(Unavailable):
        await store.commit(conditional)
    await store.index_is("tomorrow's")
    assert 1 == (await store.commit(conditional))[0].version


async def test_what_is_derived_is_replaced_and_the_version_is_not(store, grant):
    before = (await write(store, a_put("a", tokens={"old": [("s", "x")], "both": [("s", "x")]}, relations=(TEAM,))))[0]
    new = Relation(MINE, "Practitioner/2", "care-team", "CareTeam/t")
    index = Index({"new": [("s", "x")], "both": [("s", "x")]}, {}, {"date": [(1, 2)]})

    await store.reindex([Reindexed("CarePlan", "a", 1, index, (MINE,), (new,))])

    async def found(parameter):
        return ids(await store.search(Query("CarePlan", Token(parameter, "s", "x")), grant, count=10))

    assert [[], ["a"], ["a"]] == [await found("old"), await found("new"), await found("both")]
    assert [new] == list(await store.relations(MINE))
    assert before == await store.read("CarePlan", "a", grant)
    assert 1 == (await store.history("CarePlan", "a", grant, count=10)).total


async def test_anchors_are_replaced_with_the_index(store, grant):
    await write(store, a_put("a", patient=THEIRS))

    await store.reindex([Reindexed("CarePlan", "a", 1, Index(), (MINE,))])

    assert ["a"] == ids(await store.search(Query("CarePlan"), grant, count=10))
    assert (MINE,) == (await store.read("CarePlan", "a", grant)).patients
    theirs = Grant(OfPatient(frozenset({THEIRS})), "TREAT", "theirs")
    with pytest.raises(NotFound):
        await store.read("CarePlan", "a", theirs)
    assert [] == ids(await store.search(Query("CarePlan"), theirs, count=10))


async def test_what_was_derived_from_an_older_version_is_left_aside(store, grant):
    await write(store, a_put("a", tokens={"code": [("s", "1")]}), a_put("b", tokens={"code": [("s", "1")]}))
    await write(store, a_put("a", tokens={"code": [("s", "2")]}))
    await store.commit(Commit(OPEN, (Delete("CarePlan", "b"),)))

    stale = Index({"code": [("s", "9")]})
    await store.reindex(
        [Reindexed("CarePlan", id, version, stale, (MINE,)) for id, version in (("a", 1), ("b", 2), ("c", 1))]
    )

    async def found(code):
        return ids(await store.search(Query("CarePlan", Token("code", "s", code)), grant, count=10))

    assert [["a"], []] == [await found("2"), await found("9")]


async def test_a_store_that_works_says_so(store):
    assert await store.check() is None
