"""The contract of every store: grants that say different things of different types, as access gives them.

Staff: the directory; what is about patients to whom the unit has a relation and from whom nothing keeps it away, on a legal
basis that it works by; and what is addressed to it. An app: plans of one category, of one patient, and nothing else.
"""

import pytest

from fhir_server.fhir.outcome import Gone, NotFound
from fhir_server.search.query import (
    Every,
    Everything,
    Linked,
    LinkedFrom,
    OfKind,
    OfPatient,
    Query,
    Reference,
    Related,
    Some,
    Sort,
    Token,
    Without,
)
from fhir_server.storage.store import Commit, Delete, Grant, Matches, Order, Overtaken, Page, Relation, Store
from tests.storage.contract import DIRECTORY, MINE, NOON, OPEN, THEIRS, a_put, an_entry, ids, write

pytestmark = pytest.mark.anyio

UNIT = frozenset({"Organization/1", "Practitioner/1"})
BLOCKED = "p3"
CLINICAL = frozenset({"CarePlan", "CareTeam", "Goal", "Task", "Communication"})
STAFF = Grant(
    Some(
        (
            Every((OfKind(DIRECTORY), Everything())),
            Every(
                (
                    OfKind(CLINICAL),
                    Related(UNIT, frozenset({"care-team", "consent"}), NOON),
                    Without(Related(UNIT, frozenset({"block"}), NOON)),
                    Some((Token("legal-basis", "l", "care"), Token("legal-basis", "l", "consent"))),
                )
            ),
            Every((OfKind(frozenset({"Communication"})), Reference("recipient", "Organization", "1"))),
        )
    ),
    "TREAT",
    "staff",
)
SIP = Token("category", "s", "sip")
APP = Grant(Every((OfKind(frozenset({"CarePlan"})), SIP, OfPatient(frozenset({MINE})))), "PATRQT", "app")
NOBODY = Grant(Every((OfKind(frozenset({"CarePlan"})), OfKind(frozenset({"Goal"})))), "TREAT", "no type")


def clinical(id: str, type: str = "CarePlan", patient: str = MINE, basis: str = "care", category: str = "sip", **rest):
    tokens = {"legal-basis": [("l", basis)], "category": [("s", category)]}
    return a_put(id, type=type, patient=patient, tokens=tokens, **rest)


@pytest.fixture
async def filled(store: Store, clock) -> Store:
    """Of my patient: the plans a (a SIP), b (not) and c (nor is it on a basis of the unit's); of theirs, d; of one with a block, e."""
    team = Relation(MINE, "Organization/1", "care-team", "CareTeam/t")
    blocked = Relation(BLOCKED, "Organization/1", "care-team", "CareTeam/u")
    block = Relation(BLOCKED, "Practitioner/1", "block", "Consent/k")
    await write(
        store,
        a_put("1", type="Organization", patient=""),
        a_put("w", type="Practitioner", patient="", references={"works": [("Organization", "1")]}),
        clinical("t", "CareTeam", relations=(team,)),
        clinical("u", "CareTeam", BLOCKED, relations=(blocked,)),
        a_put("k", type="Consent", patient=BLOCKED, relations=(block,)),
        clinical("g", "Goal", references={"about": [("CarePlan", "a"), ("CarePlan", "d")]}),
        clinical("h", "Goal", THEIRS, references={"about": [("CarePlan", "b")]}),
        clinical("a", references={"goal": [("Goal", "g")], "author": [("Organization", "1")]}),
        clinical("b", category="other", references={"goal": [("Goal", "h")]}),
        clinical("c", basis="none", category="other", references={"goal": [("Goal", "g")]}),
        clinical("d", patient=THEIRS, references={"goal": [("Goal", "g")]}),
        clinical("e", patient=BLOCKED, basis="consent"),
        clinical("m", "Communication", THEIRS, references={"recipient": [("Organization", "1")]}),
        clinical("n", "Communication", THEIRS, references={"recipient": [("Organization", "2")]}),
        clinical("o", "Communication"),
    )
    clock.now += 1000
    return store


REACHED = {
    "staff": {
        "CarePlan": "ab",
        "CareTeam": "t",
        "Goal": "g",
        "Communication": "mo",
        "Organization": "1",
        "Practitioner": "w",
        "Consent": "",
    },
    "app": {"CarePlan": "a", "CareTeam": "", "Goal": "", "Communication": "", "Organization": "", "Consent": ""},
    "no type": {"CarePlan": "", "Goal": "", "Organization": ""},
}
SHAPES = pytest.mark.parametrize("shape", [STAFF, APP, NOBODY], ids=lambda grant: grant.rule)


async def seen(store: Store, type: str, id: str, grant: Grant) -> bool:
    """Whether it is read, and as it is read so are its version and its history."""
    found = []
    for asked in (store.read(type, id, grant), store.vread(type, id, 1, grant)):
        try:
            found.append(id == (await asked).id)
        except NotFound:
            found.append(False)
    try:
        found.append(1 == (await store.history(type, id, grant, count=9)).total)
    except NotFound:
        found.append(False)
    assert 1 == len(set(found)), (type, id, found)
    return found[0]


@SHAPES
async def test_each_type_is_read_searched_and_told_of_as_the_grant_says_of_it(filled, shape):
    for type, expected in REACHED[shape.rule].items():
        everything = ids(await filled.search(Query(type), OPEN, count=99))
        assert list(expected) == [id for id in everything if await seen(filled, type, id, shape)]
        page = await filled.search(Query(type), shape, count=99)
        assert (list(expected), len(expected)) == (ids(page), page.total)
        history = await filled.history(type, "", shape, count=99)
        assert (list(expected)[::-1], len(expected)) == (ids(history), history.total)


@SHAPES
async def test_the_history_of_all_types_and_the_walk_through_all_have_what_each_type_has(filled, shape):
    expected = {(type, id) for type, found in REACHED[shape.rule].items() for id in found}

    pages = [await filled.history("", "", shape, count=2)]
    while pages[-1].next is not None:
        pages.append(await filled.history("", "", shape, count=2, after=pages[-1].next))

    found = [(one.type, one.id) for page in pages for one in page.items]
    assert sorted(expected, reverse=True) == found
    assert len(expected) == pages[0].total
    assert sorted(expected) == [(one.type, one.id) async for one in filled.resources(shape)]


async def test_pages_and_totals_are_of_what_is_reached(filled):
    query = Query("CarePlan", sort=(Sort("_id", descending=True),))

    first = await filled.search(query, STAFF, count=1)
    second = await filled.search(query, STAFF, count=1, after=first.next)

    assert (["b"], 2, ["a"], None) == (ids(first), first.total, ids(second), second.next)


CHAINS = [
    (Linked("goal", "Goal", Everything()), "ab", "a", ""),
    (Linked("author", "Organization", Everything()), "a", "a", ""),
    (LinkedFrom("Goal", "about", Everything()), "ab", "a", ""),
    (Without(Linked("goal", "Goal", Everything())), "", "b", "a"),
    (LinkedFrom("Goal", "about", Linked("about", "CarePlan", Everything())), "ab", "a", ""),
]


@pytest.mark.parametrize(("chain", "found", "staff", "app"), CHAINS)
async def test_each_hop_of_a_chain_is_within_what_is_said_of_the_type_there(filled, chain, found, staff, app):
    """The goals are of my patient (g) and of theirs (h); the unit is open to staff, and to the app is nothing of another type."""
    mine = Grant(OfPatient(frozenset({MINE})), "TREAT", "mine")

    assert list(found) == [id for id in ids(await filled.search(Query("CarePlan", chain), OPEN, count=9)) if id in "ab"]
    assert list(staff) == ids(await filled.search(Query("CarePlan", chain), STAFF, count=9))
    assert list(app) == ids(await filled.search(Query("CarePlan", chain), APP, count=9))
    if chain == CHAINS[1][0]:
        assert [] == ids(await filled.search(Query("CarePlan", chain), mine, count=9))  # it is about no patient


async def test_the_values_of_a_parameter_are_those_of_what_is_reached(filled):
    assert [("s", "other"), ("s", "sip")] == list(await filled.values("CarePlan", "category", STAFF, count=9))
    assert [("s", "sip")] == list(await filled.values("CarePlan", "category", APP, count=9))
    assert [] == list(await filled.values("Goal", "category", APP, count=9))


# ------------------------------------------------------------------------------------------------ what is written


@pytest.mark.parametrize(
    "change",
    [
        clinical("a", category="other"),  # out of reach
        clinical("b"),  # into reach
        clinical("new", category="other"),
        clinical("a", patient=THEIRS),
        clinical("new", "Goal"),
        Delete("CarePlan", "b"),
        Delete("Goal", "g"),
    ],
)
async def test_what_the_app_writes_is_of_its_kind_before_and_after(filled, change):
    with pytest.raises(NotFound):
        await filled.commit(Commit(APP, (change,)))
    with pytest.raises(NotFound):
        await filled.commit(Commit(APP, (clinical("a"), change)))

    assert 1 == (await filled.read("CarePlan", "a", OPEN)).version
    assert 2 == (await filled.commit(Commit(APP, (clinical("a", title="two"),))))[0].version
    assert 1 == (await filled.commit(Commit(APP, (clinical("new"),))))[0].version
    assert 3 == (await filled.commit(Commit(APP, (Delete("CarePlan", "a"),))))[0].version
    with pytest.raises(Gone):
        await filled.read("CarePlan", "a", APP)


async def test_staff_write_several_types_at_once_each_by_what_is_said_of_it(filled):
    both = (clinical("a"), clinical("g", "Goal"), a_put("1", type="Organization", patient=""))

    assert [2, 2, 2] == [one.version for one in await filled.commit(Commit(STAFF, both))]
    for change in (
        clinical("a", basis="none"),
        clinical("c"),
        clinical("d", patient=MINE),
        clinical("e", patient=BLOCKED),
        clinical("m", "Communication", THEIRS),  # no longer addressed to the unit
        a_put("k", type="Consent", patient=MINE),
        Delete("Communication", "n"),
    ):
        with pytest.raises(NotFound):
            await filled.commit(Commit(STAFF, (*both, change)))
    assert 2 == (await filled.read("CarePlan", "a", OPEN)).version
    to_unit = {"recipient": [("Organization", "1")]}
    assert (
        2 == (await write(filled, clinical("m", "Communication", THEIRS, references=to_unit), grant=STAFF))[0].version
    )


async def test_a_condition_is_judged_within_what_its_caller_may_see(filled):
    sips, all_sips = Query("CarePlan", SIP), frozenset("ade")
    of_goal = Query("CarePlan", Linked("goal", "Goal", Everything()))

    for query, within, found in (
        (sips, APP.query, frozenset("a")),
        (sips, Everything(), all_sips),
        (of_goal, APP.query, frozenset()),
        (of_goal, STAFF.query, frozenset("a")),
    ):
        await filled.commit(Commit(OPEN, conditions=(Matches(query, found, within),)))
        with pytest.raises(Overtaken):
            await filled.commit(Commit(OPEN, conditions=(Matches(query, found ^ {"d"}, within),)))


# ------------------------------------------------------------------------------------------------ what was of another kind


def of(page: Page) -> list[int]:
    return [one.version for one in page.items]


async def test_a_version_of_another_category_is_not_shown_beside_those_of_the_right_one(filled, clock):
    """C-17: the version that is asked for and the current one must both be what the app was given."""
    await write(filled, clinical("a", category="other"))
    for version in (1, 2):
        with pytest.raises(NotFound):
            await filled.vread("CarePlan", "a", version, APP)  # it was a SIP, and is none
    with pytest.raises(NotFound):
        await filled.history("CarePlan", "a", APP, count=9)

    await write(filled, clinical("a"))
    assert [1, 3] == [(await filled.vread("CarePlan", "a", version, APP)).version for version in (1, 3)]
    with pytest.raises(NotFound):
        await filled.vread("CarePlan", "a", 2, APP)  # it is a SIP, and was none
    assert [3, 2, 1] == of(await filled.history("CarePlan", "a", OPEN, count=9))
    clock.now += 1000
    for type, id in (("CarePlan", "a"), ("CarePlan", ""), ("", "")):
        page = await filled.history(type, id, APP, count=9)
        assert ([3, 1], 2) == (of(page), page.total)


async def test_a_version_before_its_deletion_is_shown_where_both_are_of_the_kind(filled):
    await write(filled, clinical("b"))
    await filled.commit(Commit(OPEN, (Delete("CarePlan", "a"), Delete("CarePlan", "b"))))
    await write(filled, clinical("b"))

    assert [2, 1] == of(await filled.history("CarePlan", "a", APP, count=9))
    assert [4, 3, 2] == of(await filled.history("CarePlan", "b", APP, count=9))  # the first was no SIP
    with pytest.raises(Gone):
        await filled.vread("CarePlan", "b", 3, APP)


async def test_a_version_on_a_basis_that_the_unit_has_not_is_not_shown_to_it(filled):
    await write(filled, clinical("a", basis="none"))
    await write(filled, clinical("a", basis="consent"))

    assert [3, 1] == of(await filled.history("CarePlan", "a", STAFF, count=9))
    with pytest.raises(NotFound):
        await filled.vread("CarePlan", "a", 2, STAFF)


# ------------------------------------------------------------------------------------------------ the audit


async def test_entries_are_judged_by_what_is_said_of_audit_events(store):
    for name, patient in (("mine", MINE), ("theirs", THEIRS)):
        await store.commit(Commit(OPEN, entries=(an_entry(name, patient=patient),)))
    of_mine = OfPatient(frozenset({MINE}))
    plans = Every((OfKind(frozenset({"CarePlan"})), Everything()))
    events = Every((OfKind(frozenset({"AuditEvent"})), of_mine))

    async def told(query) -> list[str]:
        grant = Grant(query, "TREAT", "log")
        found, total = await store.find_entries(Everything(), grant, Order("number"), count=9, total=True)
        assert list(await store.entries(grant)) == list(found)
        assert len(found) == total
        return [entry.id for _, entry in found]

    assert [] == await told(plans)
    assert ["mine"] == await told(Some((plans, events)))
    assert ["mine"] == await told(Some((Every((OfKind(frozenset({"CarePlan"})), SIP)), events)))
    assert [] == await told(Every((events, SIP)))
