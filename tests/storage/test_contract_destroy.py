"""The contract of every store: what is destroyed leaves one version without content, and nothing else that was written."""

import pytest

from fhir_server.fhir.outcome import Gone, NotFound, Stale
from fhir_server.search.query import Everything, Query, Reference, Token, Words, every
from fhir_server.storage.store import DESTROYED, SYSTEM_GRANTS, Commit, Delete, Destroy, Grant, Relation
from tests.storage.contract import MINE, NARROWED, NOON, OPEN, THEIRS, a_put, an_entry, ids, write

pytestmark = pytest.mark.anyio

JUDGED = frozenset({"documented-by", "_security"})
TEAM = Relation(MINE, "Practitioner/1", "care-team", "CareTeam/t")
CODED = {
    "tokens": {"_security": [("", "N")], "status": [("", "active")]},
    "references": {"documented-by": [("Organization", "own")], "author": [("Practitioner", "1")]},
    "strings": {"title": [("hem", "hemlig", "Hemlig")]},
    "words": {"_content": ["hemlig"]},
}
VERIFIED = SYSTEM_GRANTS["verification"]


@pytest.fixture
async def filled(store):
    """Two versions of a plan of mine, and one of somebody else's."""
    await write(store, a_put("a", title="one", relations=(TEAM,), **CODED), a_put("t", patient=THEIRS, **CODED))
    await write(store, a_put("a", title="two", relations=(TEAM,), **CODED))
    return store


async def destroyed(store, id: str = "a", **members):
    return await store.commit(Commit(OPEN, (Destroy("CarePlan", id, JUDGED, **members),), entries=(an_entry(id),)))


async def test_what_is_destroyed_is_gone_to_who_might_have_seen_it_and_to_nobody_else(filled, grant):
    (left,) = await destroyed(filled)
    assert (3, DESTROYED, b"", (MINE,)) == (left.version, left.method, left.text, left.patients)

    with pytest.raises(Gone) as told:
        await filled.read("CarePlan", "a", grant)
    assert "destroyed" == told.value.issues[0].key
    other = Grant(every(grant.query, Token("_security", "", "R")), grant.purpose, grant.rule)
    with pytest.raises(NotFound):
        await filled.read("CarePlan", "a", other)
    page = await filled.history("CarePlan", "a", grant, count=10)
    assert ([(3, DESTROYED, b"")], 1) == ([(it.version, it.method, it.text) for it in page.items], page.total)
    with pytest.raises(NotFound):
        await filled.vread("CarePlan", "a", 2, grant)
    with pytest.raises(Gone):
        await filled.vread("CarePlan", "a", 3, grant)


async def test_a_narrowed_look_at_what_was_somebody_elses_finds_nothing_as_before(filled):
    await destroyed(filled, "t")

    for look in (filled.read("CarePlan", "t", NARROWED), filled.history("CarePlan", "t", NARROWED, count=9)):
        with pytest.raises(NotFound):
            await look
    with pytest.raises(Gone):
        await filled.read("CarePlan", "t", OPEN)


async def test_it_is_judged_by_the_parameters_that_are_kept_and_found_by_none(filled):
    await destroyed(filled)

    kept = [Reference("documented-by", "Organization", "own"), Token("_security", "", "N")]
    for criterion, refusal in [*((it, Gone) for it in kept), (Token("status", "", "active"), NotFound)]:
        with pytest.raises(refusal):
            await filled.read("CarePlan", "a", Grant(criterion, "TREAT", "rule"))
    for criterion in (*kept, Everything()):
        assert ["t"] == ids(await filled.search(Query("CarePlan", criterion), OPEN, count=9))
    assert [] == await filled.relations(MINE)
    assert [] == ids(
        await filled.search(Query("CarePlan", Words("_content", frozenset({"hemlig"}))), NARROWED, count=9)
    )
    assert ["t"] == [it.id async for it in filled.resources(OPEN)]


async def test_its_audit_stays_and_tells_of_it(filled):
    await filled.commit(Commit(OPEN, entries=(an_entry(version=2, digest="of the text", patient=MINE),)))
    await destroyed(filled)

    entries = [entry for _, entry in await filled.entries(VERIFIED)]
    assert [(2, MINE, "of the text"), (3, MINE)] == [
        (entries[0].version, entries[0].patient, entries[0].digest),
        (entries[1].version, entries[1].patient),
    ]


async def test_a_deleted_one_is_destroyed_too_and_nothing_where_nothing_ever_was(filled):
    await filled.commit(Commit(OPEN, (Delete("CarePlan", "a"),)))
    (left,) = await destroyed(filled)

    assert (4, 1) == (left.version, (await filled.history("CarePlan", "a", OPEN, count=9)).total)
    with pytest.raises(NotFound):
        await destroyed(filled, "never")


async def test_another_version_than_the_one_that_was_decided_on_is_stale_and_stays(filled):
    with pytest.raises(Stale):
        await destroyed(filled, version=1)
    assert 2 == (await filled.read("CarePlan", "a", OPEN)).version
    assert 3 == (await destroyed(filled, version=2))[0].version


async def test_all_of_several_are_destroyed_or_none(filled):
    both = (Destroy("CarePlan", "a", JUDGED), Destroy("CarePlan", "t", JUDGED, version=9))
    with pytest.raises(Stale):
        await filled.commit(Commit(OPEN, both))
    assert 2 == (await filled.history("CarePlan", "a", OPEN, count=9)).total


async def test_what_is_written_under_its_id_later_is_new_and_the_destruction_stays_in_its_history(filled, clock):
    clock.now += 1
    await destroyed(filled)
    clock.now = NOON + 10
    await write(filled, a_put("a", title="three"))
    await filled.scour()

    page = await filled.history("CarePlan", "a", OPEN, count=9)
    assert [(4, "PUT"), (3, DESTROYED)] == [(it.version, it.method) for it in page.items]
    assert 4 == (await filled.read("CarePlan", "a", OPEN)).version
    assert 1 == (await filled.read("CarePlan", "t", OPEN)).version
