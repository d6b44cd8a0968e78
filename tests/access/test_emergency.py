"""Emergency access as the server keeps it: its terms, whose it is, until when, and how many there may be."""

from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import replace

import pytest

from fhir_server.access.emergency import FILE, KIND, Emergencies, Emergency, load_terms, terms_of
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.instant import DAY, MINUTE, SECOND
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import SYSTEM_GRANTS, Entry
from tests.storage.contract import NOON, Clock

pytestmark = pytest.mark.anyio

DEFINITION = dict(read("security"))[FILE]
ENTRY = Entry(NOON, '{"who":"staff"}', "$emergency-access", 200, "Patient", "a")
HERS = Emergency("no-consent", "SE1-N", "SE1-C", "a", NOON, NOON + 60 * MINUTE)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(clock) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(":memory:", clock)
    yield opened
    await opened.close()


@pytest.fixture
def emergencies(store, clock) -> Emergencies:
    return Emergencies(store, clock, load_terms())


async def test_it_counts_at_once_for_the_person_under_the_commission(emergencies):
    assert () == await emergencies.of("SE1-N", "SE1-C")
    assert await emergencies.keep(HERS, ENTRY)

    assert (HERS,) == await emergencies.of("SE1-N", "SE1-C")
    assert ((), ()) == (await emergencies.of("SE1-N", "SE1-D"), await emergencies.of("SE1-M", "SE1-C"))


async def test_it_ends_when_it_ends_and_is_kept_for_the_day(emergencies, store, clock):
    await emergencies.keep(HERS, ENTRY)

    clock.now = HERS.until - 1
    assert (HERS,) == await emergencies.of("SE1-N", "SE1-C")
    clock.now = HERS.until
    assert () == await emergencies.of("SE1-N", "SE1-C")
    assert [True, False] == [HERS.is_open(HERS.until - 1), HERS.is_open(HERS.until)]
    clock.now = NOON + DAY - 1
    assert 1 == len(await store.all_kept(KIND))
    clock.now += 1
    assert {} == await store.all_kept(KIND)


async def test_another_process_sees_it_within_a_second(emergencies, store, clock):
    elsewhere = Emergencies(store, clock, load_terms())
    assert () == await elsewhere.of("SE1-N", "SE1-C")
    await emergencies.keep(HERS, ENTRY)

    clock.now += SECOND
    assert (HERS,) == await elsewhere.of("SE1-N", "SE1-C")


async def test_a_person_has_so_many_in_a_day_however_the_number_is_written(emergencies, store, clock):
    for count in range(3):
        assert not await emergencies.are_used_up("SE1-N"), count
        assert await emergencies.keep(replace(HERS, commission=f"SE1-C{count}"), ENTRY)
    assert await emergencies.are_used_up("se1-n")
    assert not await emergencies.keep(replace(HERS, person="se1-n"), ENTRY)
    assert await emergencies.keep(replace(HERS, person="SE1-M"), ENTRY)
    assert 4 == len(await store.entries(SYSTEM_GRANTS["verification"]))

    clock.now += DAY
    assert not await emergencies.are_used_up("SE1-N")


def changed(name: str, **value) -> dict:
    """The terms with one number in the place of another, or without it."""
    definition = deepcopy(DEFINITION)
    definition["parameter"] = [it for it in definition["parameter"] if it["name"] != name]
    return {**definition, "parameter": [*definition["parameter"], *([{"name": name, **value}] if value else [])]}


def test_an_hour_is_the_most_that_a_deployment_may_say():
    assert 60 * MINUTE == load_terms().lasts
    assert 15 * MINUTE == terms_of(changed("minutes", valuePositiveInt=15)).lasts
    for wrong in (changed("minutes", valuePositiveInt=61), changed("minutes"), changed("most")):
        with pytest.raises(BadDefinition, match=r"minutes|most"):
            terms_of(wrong)


def test_the_modes_are_those_of_the_law_each_with_its_source():
    terms = load_terms()
    assert {"who-blocks": True, "no-consent": True, "inner-block": False} == {
        code: mode.health_care_alone for code, mode in terms.modes.items()
    }
    assert all(mode.reason and mode.source for mode in terms.modes.values())
    with pytest.raises(BadDefinition, match="the modes are"):
        terms_of(changed("mode"))
