"""Where a caller stands: who a token's identifiers are among the resources."""

import asyncio
from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller
from fhir_server.access.emergency import Emergencies, Emergency, load_terms
from fhir_server.access.identity import load_persons
from fhir_server.access.protection import load_protection
from fhir_server.access.relative import load_relationships
from fhir_server.access.standing import ACTING_KEPT_MS, KEPT_MS, Standings
from fhir_server.access.ward import Ward, Wards
from fhir_server.assembly.outside import clock as real_clock
from fhir_server.fhir.outcome import Forbidden
from fhir_server.interactions.call import Address, Call
from fhir_server.interactions.commit import perform
from fhir_server.storage.store import Entry
from tests.access.worlds import HSA, RESERVE

pytestmark = pytest.mark.anyio
NURSE = Caller("staff", "https://idp.example", "app", "t1", 0, person="SE1-N", unit="SE1-U", provider="SE1-P")
CITIZEN = Caller("citizen", "https://idp.example", "app", "t1", 0, person="reserve-a")


LABELS = load_protection().labels


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standings(assembly, clock) -> Standings:
    return Standings(assembly.server.store, load_persons(), clock)


@pytest.fixture
def keep(assembly):
    async def put(type: str, id: str, system: str, value: str, **members: object) -> None:
        body = {"resourceType": type, "id": id, "identifier": [{"system": system, "value": value}], **members}
        await perform(Call(Address("update", type, id), body=body), assembly.server)

    return put


async def test_staff_stand_where_the_directory_has_them(standings, keep):
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    await keep("Organization", "ward", HSA, "SE1-U")
    await keep("Organization", "region", HSA, "SE1-P")

    standing = await standings.of(NURSE)
    assert {"Practitioner/nurse", "Organization/ward"} == standing.actors
    assert ("Organization/region", "Organization/ward", "SE1-P") == (
        standing.provider,
        standing.unit,
        standing.organization,
    )


async def test_of_two_who_say_that_they_are_somebody_neither_is(standings, keep):
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    assert {"Practitioner/nurse"} == (await standings.of(NURSE)).actors

    await keep("Practitioner", "other", HSA, "SE1-M")
    await keep("Practitioner", "twin", HSA, "SE1-M")
    other = Caller("staff", "https://idp.example", "app", "t2", 0, person="SE1-M", provider="SE1-P")
    assert frozenset() == (await standings.of(other)).actors


async def test_a_citizen_is_the_patient_of_the_own_number_alone(standings, keep):
    with pytest.raises(Forbidden):
        await standings.of(CITIZEN)
    await keep("Patient", "a", RESERVE, "reserve-a")
    assert "a" == (await standings.of(CITIZEN)).patient


async def test_a_token_bound_to_another_opens_nothing(standings, keep):
    await keep("Patient", "a", RESERVE, "reserve-a")
    for patient, allowed in (("a", True), ("b", False)):
        bound = Caller("citizen", "https://idp.example", "app", "t1", 0, person="reserve-a", patient=patient)
        if allowed:
            assert "a" == (await standings.of(bound)).patient
        else:
            with pytest.raises(Forbidden):
                await standings.of(bound)


async def test_who_acts_for_another_is_believed_for_five_seconds(assembly, keep, clock):
    store, persons = assembly.server.store, load_persons()
    wards = Wards(store, persons, load_relationships(LABELS), assembly.server.base, proxies=False)
    standings = Standings(store, persons, clock, wards=wards)
    await keep("Patient", "child", RESERVE, "reserve-child", birthDate="2020-01-01")
    told = {
        "active": True,
        "patient": {"reference": "Patient/child"},
        "relationship": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "GUARD"}]}
        ],
    }
    await keep("RelatedPerson", "r", RESERVE, "reserve-a", **told)
    guardian = replace(CITIZEN, patient="child")
    standing = await standings.of(guardian)
    assert ("", "child", {"guardian"}) == (standing.patient, standing.ward, standing.roles)

    await keep("RelatedPerson", "r", RESERVE, "reserve-a", **told | {"active": False})
    clock.now += ACTING_KEPT_MS - 1
    assert standing == await standings.of(guardian)
    clock.now += 1
    assert [Ward("guardian", "RelatedPerson/r")] == list((await standings.of(guardian)).wards)  # never open


async def test_a_standing_is_believed_for_half_a_minute(standings, keep, clock):
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    assert {"Practitioner/nurse"} == (await standings.of(NURSE)).actors
    await keep("Organization", "ward", HSA, "SE1-U")
    assert {"Practitioner/nurse"} == (await standings.of(NURSE)).actors

    clock.now += KEPT_MS
    assert {"Practitioner/nurse", "Organization/ward"} == (await standings.of(NURSE)).actors


async def test_an_emergency_is_known_at_once_though_the_standing_is_believed(assembly, keep, clock):
    emergencies = Emergencies(assembly.server.store, clock, load_terms())
    standings = Standings(assembly.server.store, load_persons(), clock, emergencies)
    clock.now = real_clock()
    nurse = replace(NURSE, commission="SE1-C")
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    assert () == (await standings.of(nurse)).emergencies

    entry = Entry(clock.now, "{}", "$emergency-access", 200)
    await emergencies.keep(one := Emergency("no-consent", "SE1-N", "SE1-C", "a", clock.now, clock.now + 100), entry)
    assert (one,) == (await standings.of(nurse)).emergencies
    assert () == (await standings.of(NURSE)).emergencies
    clock.now += 100
    assert () == (await standings.of(nurse)).emergencies


async def test_who_stands_nowhere_is_looked_for_each_time(standings, keep):
    assert frozenset() == (await standings.of(NURSE)).actors
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    assert {"Practitioner/nurse"} == (await standings.of(NURSE)).actors


COMMISSIONED = Caller(
    "staff", "https://idp.example", "app", "t1", 0, person="SE1-N", commission="SE1-C", provider="SE1-P"
)


@pytest.fixture
def commission(assembly):
    async def put(**members: object) -> None:
        body = {
            "resourceType": "PractitionerRole",
            "id": "c",
            "identifier": [{"system": HSA, "value": "SE1-C"}],
            **members,
        }
        await perform(Call(Address("update", "PractitionerRole", "c"), body=body), assembly.server)

    return put


async def refused(standings: Standings) -> bool:
    try:
        await standings.of(COMMISSIONED)
    except Forbidden as refusal:
        return "commission-ended" == refusal.issues[0].key
    return False


async def test_a_commission_ends_to_the_moment_though_it_was_just_looked_up(standings, commission, clock):
    clock.now = 1_893_456_000_000 - 10  # ten milliseconds before 2030 begins in UTC
    await commission(period={"start": "2029-12-31T00:00:00Z", "end": "2029-12-31T23:59:59.995Z"})
    assert not await refused(standings)
    clock.now += 5
    assert not await refused(standings)
    clock.now += 1
    assert await refused(standings)


async def test_a_commission_holds_to_the_end_of_its_last_day(standings, commission, clock):
    clock.now = 1_893_456_000_000 - 10
    await commission(active=True, period={"end": "2029-12-31"})
    assert not await refused(standings)
    clock.now += 10
    assert await refused(standings)


async def test_one_that_is_not_in_the_directory_is_taken_as_the_issuer_tells_it(standings, keep, clock):
    await keep("Practitioner", "nurse", HSA, "SE1-N")
    assert {"Practitioner/nurse"} == (await standings.of(COMMISSIONED)).actors


async def test_what_is_forgotten_is_looked_up_anew(standings, commission):
    await commission()
    assert not await refused(standings)
    await commission(active=False)
    assert not await refused(standings)
    standings.forget()
    assert await refused(standings)


async def test_who_is_being_looked_up_while_all_are_forgotten_is_not_kept(standings, commission, assembly):
    await commission()
    looking = asyncio.create_task(standings.of(COMMISSIONED))
    await asyncio.sleep(0)
    standings.forget()
    assert {"PractitionerRole/c"} == (await looking).actors
    await commission(active=False)
    assert await refused(standings)
