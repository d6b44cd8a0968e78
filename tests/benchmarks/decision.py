"""Access: what the decision itself costs, in this process; and a read over HTTP with a token, of the bare handler's rate."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from fhir_server.access.decide import Access
from fhir_server.fhir.canonical import OURS, structure
from fhir_server.interactions.call import Address, Call
from fhir_server.interactions.commit import admitted, granted, put
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit
from tests.access.house import BASE, a_bearer, smart
from tests.access.worlds import HSA, SYSTEM
from tests.benchmarks.databases import AT_ONCE, bare, fill, port_of
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.load import rate, request
from tests.benchmarks.plans import plan
from tests.builders import a_care_team
from tests.servers import serving

PLANS = 1000
BUDGETS = {32: 0.45, 8: 0.30, 1: 0.25}
KNOWN, NEW = 5000, 400
KNOWN_MS, NEW_MS = 1.0, 3.0
PROVIDER, UNIT, NURSE = "SE2321000016-A001", "SE2321000016-U1", "SE2321000016-R1"
STAFF = {"employee": NURSE, "commission": f"{NURSE}C", "unit": UNIT, "provider": PROVIDER, "scope": "user/*.rs"}
AS_SYSTEM = {**SYSTEM, "sub": "planner"}


def decision() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plans.db"
        yield from asyncio.run(_prepared(f"sqlite:///{file}"))
        with serving("serve", "--database", f"sqlite:///{file}") as server, bare(file) as theirs:
            for who, claims in (("a system", {**AS_SYSTEM, "scope": "system/*.rs"}), ("staff", STAFF)):
                yield from _reads(who, a_bearer(server.base, **claims), port_of(server), theirs)


def _reads(who: str, bearer: dict[str, str], ours: int, theirs: int) -> Iterator[Figure]:
    places = [f"/fhir/CarePlan/plan-{number}" for number in range(PLANS)]
    plain, signed = [request("GET", it) for it in places], [request("GET", it, headers=bearer) for it in places]
    for clients, budget in BUDGETS.items():
        both = in_turn(lambda: rate(ours, signed, clients), lambda: rate(theirs, plain, clients))  # noqa: B023  # called at once
        yield Figure(
            f"read with the token of {who}, audited, {clients} clients: of a bare handler's rate",
            both.ratio,
            budget,
            behind=f"{shown(both.first)} of {shown(both.second)} reads/s",
        )


async def _prepared(database: str) -> list[Figure]:
    """The plans, a unit that is in the team of everybody, and what the decision costs."""
    await fill(database, PLANS, PLANS, _documented)
    async with smart(Settings(database=database, secret="of the benchmark")) as house:
        bearer = _token(**AS_SYSTEM, scope="system/*.cruds")
        call = await admitted(Call(Address("update", "CareTeam"), bearer=bearer), house.server)
        grant = granted(call, house.server)
        resources = [*_directory(), *map(_patient, range(PLANS)), *map(_team, range(PLANS))]
        for start in range(0, len(resources), AT_ONCE):
            some = (put(it, it["id"], call, house.server, method="PUT") for it in resources[start : start + AT_ONCE])
            await house.server.store.commit(Commit(grant, tuple(some)))
        return [it async for it in _decisions(house.server.access)]


async def _decisions(access: Access) -> AsyncIterator[Figure]:
    new = [_token(number, **STAFF) for number in range(NEW)]
    for name, tokens, budget in (("known", [_token(**STAFF)] * KNOWN, KNOWN_MS), ("new", new, NEW_MS)):
        took = sorted([await _timed(access, token) for token in tokens])
        yield Figure(
            f"access decision, a token that is {name}: 95 of 100 within",
            1000 * took[len(took) * 95 // 100],
            budget,
            at_most=True,
            unit=" ms",
            behind=f"median {1000 * took[len(took) // 2]:.3f} ms",
        )


def _token(number: int = 0, **claims: Any) -> str:
    return a_bearer(BASE, number, **claims)["Authorization"].removeprefix("Bearer ")


async def _timed(access: Access, token: str) -> float:
    started = perf_counter()
    access.decide(await access.admit(token), "read", "CarePlan")
    return perf_counter() - started


def _documented(number: int, patients: int) -> dict[str, Any]:
    made = plan(number, patients)
    mark = {"url": structure("documented-by"), "valueReference": {"reference": "Organization/provider"}}
    return {**made, "meta": {**made["meta"], "extension": [mark]}}


def _directory() -> list[dict[str, Any]]:
    numbers = {"Organization/provider": PROVIDER, "Organization/unit": UNIT, "Practitioner/nurse": NURSE}
    numbers["PractitionerRole/nurse"] = f"{NURSE}C"
    return [
        {"resourceType": type, "id": id, "identifier": [{"system": HSA, "value": value}]}
        for place, value in numbers.items()
        for type, id in [place.split("/")]
    ]


def _patient(number: int) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}"}


def _team(number: int) -> dict[str, Any]:
    sip_team = {"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "sip-team"}]}
    return a_care_team(
        id=f"team-{number}",
        status="active",
        category=[sip_team],
        subject={"reference": f"Patient/p{number}"},
        participant=[{"member": {"reference": "Organization/unit"}}],
    )
