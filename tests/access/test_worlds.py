"""The metamorphic test: in random worlds what each caller is shown, by search, read, count, history, include and chain, is what a
reading of the rules, resource by resource, lets that caller see. `make worlds` tries ten thousand.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.assembly import Assembly
from tests.access.house import BASE, a_bearer, smart
from tests.access.worlds import ALL, SYSTEM, Person, World, a_world, may_see, patient_of, place_of
from tests.builders import a_bundle, an_entry

pytestmark = pytest.mark.anyio

WORLDS = int(os.environ.get("WORLDS", "200"))
FROM = int(os.environ.get("WORLDS_FROM", "0"))
"""The first of them: ten thousand take hours, and may be gone on with where they were broken off."""
TOGETHER = 10
"""So many worlds stand in one database: nobody may see into another."""
ON_MONGODB = 1
"""So many of them are tried on MongoDB too: with the emulator a world takes the better part of a minute."""


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


def the_loader() -> dict[str, str]:
    return a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})


def the_bearer(person: Person, scope: str = "user/*.rs") -> dict[str, str]:
    if person.kind == "citizen":
        bound = {"patient": person.ward} if person.ward else {}
        told = {"sub": person.number, "citizen": person.number, "scope": "patient/*.rs", **bound}
        return a_bearer(BASE, **{**SYSTEM, **told})
    return a_bearer(
        BASE,
        sub=person.number,
        employee=person.number,
        commission=person.commission,
        unit=person.unit,
        provider=person.provider,
        scope=scope,
    )


async def load(api: httpx.AsyncClient, world: World) -> None:
    entries = [an_entry("PUT", f"{one['resourceType']}/{one['id']}", one) for one in world.resources]
    answer = await api.post("", json=a_bundle(*entries), headers=the_loader())
    assert 200 == answer.status_code, answer.text[:2000]
    for patient in list(world.of("Patient")):
        told = await api.get("Provenance", params={"target": place_of(patient)}, headers=the_loader())
        world.resources += [entry["resource"] for entry in told.json()["entry"]]


def houses() -> list[Any]:
    """Each with its store, its first world, and the first of the next house."""
    some = [("sqlite", first, min(first + TOGETHER, WORLDS)) for first in range(FROM, WORLDS, TOGETHER)]
    return [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in [*some, ("mongo", 0, ON_MONGODB)]]


@pytest.mark.parametrize(("database", "first", "beyond"), houses(), indirect=["database"])
async def test_everybody_sees_exactly_what_the_rules_let_them_see(api, first, beyond):
    worlds = [a_world(seed) for seed in range(first, beyond)]
    for world in worlds:
        await load(api, world)
        await open_emergencies(api, world)
    for world in worlds:
        for person in world.people:
            await see(api, world, person)


async def open_emergencies(api: httpx.AsyncClient, world: World) -> None:
    for one in world.emergencies:
        asked = [{"name": "mode", "valueCode": one.mode}, {"name": "reason", "valueString": "Medvetslös på akuten"}]
        body = {"resourceType": "Parameters", "parameter": asked}
        answer = await api.post(f"Patient/{one.patient}/$emergency-access", json=body, headers=the_bearer(one.person))
        assert (200 if one.is_given else 403) == answer.status_code, (world.name, one, answer.text)


async def see(api: httpx.AsyncClient, world: World, person: Person) -> None:
    """Asks for everything in every way, as one person; raises AssertionError where more or less is shown."""
    bearer, who = the_bearer(person), (world.name, person)
    seen = {place_of(one) for one in world.resources if may_see(person, one, world)}
    for type in ALL:
        expected = {place for place in seen if place.startswith(f"{type}/")}
        answer = await api.get(type, params={"_count": 1000}, headers=bearer)
        assert (200, expected) == (answer.status_code, places(answer)), (*who, type)
        assert len(expected) == answer.json()["total"], (*who, type)
    await read_all(api, world, seen, bearer)
    await go_round(api, world, seen, bearer)


async def read_all(api: httpx.AsyncClient, world: World, seen: set[str], bearer: dict[str, str]) -> None:
    """Each resource by its id: what may not be seen is not there."""
    asked = [place_of(one) for one in world.resources if one["resourceType"] in ALL]
    batch = a_bundle(*(an_entry("GET", place) for place in asked), type="batch")
    answer = await api.post("", json=batch, headers=bearer)
    found = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
    assert ["200" if place in seen else "404" for place in asked] == found, (world.name, bearer)


async def go_round(api: httpx.AsyncClient, world: World, seen: set[str], bearer: dict[str, str]) -> None:
    """By histories, by what points at the patients, and by a reverse chain."""
    history = await api.get("Task/_history", headers=bearer)
    assert {place for place in seen if place.startswith("Task/")} == places(history), world.name

    patients = {place for place in seen if place.startswith("Patient/")}
    about = {place_of(one) for one in world.resources if one["resourceType"] in ALL and patient_of(one) in patients}
    assert patients | (about & seen) == places(await api.get("Patient?_revinclude=*", headers=bearer)), world.name

    asked = {patient_of(one) for one in world.of("Task") if place_of(one) in seen}
    found = await api.get("Patient?_has:Task:patient:status=requested", headers=bearer)
    assert patients & asked == places(found), world.name


def places(answer: httpx.Response) -> set[str]:
    return {f"{it['resource']['resourceType']}/{it['resource']['id']}" for it in answer.json().get("entry", ())}
