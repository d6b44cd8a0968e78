"""Searches under the grants of a unit, a citizen and an app, in reads by the same caller: what a grant asks of a search.

Without HTTP, which would hide some of it: the calls are performed, audited and durable, in this process.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from fhir_server.access.condition import DOCUMENTED_BY
from fhir_server.access.decide import Admitted, OpenAccess
from fhir_server.access.relation import BLOCKS
from fhir_server.assembly import assembled, claim_index
from fhir_server.fhir.canonical import structure
from fhir_server.interactions.call import Address, Call, Server
from fhir_server.interactions.commit import granted, perform, put
from fhir_server.search.query import (
    BlockedBy,
    Criterion,
    Every,
    Everything,
    OfKind,
    OfPatient,
    Reference,
    Related,
    Some,
    Token,
    Without,
)
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit, Grant
from tests.benchmarks.databases import by_anybody, fill
from tests.benchmarks.figure import Figure
from tests.benchmarks.plans import plan
from tests.builders import a_care_team

PLANS, OF_ONE = 100_000, 20
PATIENTS = PLANS // OF_ONE
AT_ONCE = 500
ASKED, SECONDS = 60, 4.0
BY_UNIT, BY_ONE = 10.0, 2.5
UNITS = {"no patients": 0, "five": 5, "all": PATIENTS}
DIRECTORY = OfKind(frozenset({"Organization", "Practitioner", "PractitionerRole", "HealthcareService"}))
CLINICAL = OfKind(frozenset({"CarePlan", "CareTeam", "Goal", "Task", "Communication"}))
ORGANIZATIONS, BLOCKED = 20, 50
"""Each plan is documented by one of so many organizations; so many patients close what one of them wrote."""
MOMENT = 1_770_000_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, who asks, and what it may cost."""

    name: str
    grant: Criterion
    parameters: tuple[tuple[str, str], ...]
    budget: float
    plan: str = "plan-0"


class Under(OpenAccess):
    """A caller who has a grant."""

    def __init__(self, grant: Criterion) -> None:
        self._grant = Grant(grant, "TREAT", "of the benchmark")

    def decide(
        self, admitted: Admitted, interaction: str, type: str, *, conditional: bool = False, makes: bool = False
    ) -> Grant:
        del admitted, interaction, type, conditional, makes
        return self._grant


def reach() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_figures(f"sqlite:///{Path(folder) / 'plans.db'}"))


async def _figures(database: str) -> list[Figure]:
    await fill(database, PLANS, PATIENTS, _documented)
    async with assembled(Settings(database=database, access="open", secret="of the benchmark")) as house:
        await claim_index(house)
        await _relate(house.server)
        return [await _figure(asked, house.server) for asked in _all_asked()]


def _documented(number: int, patients: int) -> dict[str, Any]:
    made = plan(number, patients)
    mark = {"url": structure(DOCUMENTED_BY), "valueReference": {"reference": _organization(number)}}
    return {**made, "meta": {**made["meta"], "extension": [mark]}}


def _organization(number: int) -> str:
    """One of them for all plans of a patient's turn."""
    return f"Organization/o{number // PATIENTS % ORGANIZATIONS}"


async def _relate(server: Server) -> None:
    """To the first so many patients each unit has a team, one for all units; and nobody is kept out of everything."""
    call = await by_anybody("update", "CareTeam", server)
    grant = granted(call, server)
    resources = [*map(_team, range(PATIENTS)), *map(_block, range(BLOCKED))]
    for start in range(0, len(resources), AT_ONCE):
        some = resources[start : start + AT_ONCE]
        changes = tuple(put(it, it["id"], call, server, method="PUT") for it in some)
        await server.store.commit(Commit(grant, changes))


def _block(number: int) -> dict[str, Any]:
    """A patient of every hundred or so closes what an organization wrote."""
    system, code = next(iter(BLOCKS))
    return {
        "resourceType": "Consent",
        "id": f"k{number}",
        "status": "active",
        "category": [{"coding": [{"system": system, "code": code}]}],
        "patient": {"reference": f"Patient/p{number * (PATIENTS // BLOCKED)}"},
        "organization": [{"reference": _organization(number * PATIENTS)}],
        "provision": {"type": "deny"},
    }


def _team(number: int) -> dict[str, Any]:
    units = [name for name, known in UNITS.items() if number < known]
    members = [{"member": {"reference": f"Organization/{_id(name)}"}} for name in units]
    return a_care_team(id=f"t{number}", subject={"reference": f"Patient/p{number}"}, participant=members)


def _id(unit: str) -> str:
    return unit.replace(" ", "-")


# ------------------------------------------------------------------------------------------------ who asks what


def _staff(unit: str) -> Criterion:
    """The directory; what is about the unit's patients, unless it is kept out or the patient has closed it, on one of two bases; messages to it. What a plan
    rests on is as yet no parameter: its status stands for that.
    """
    actors = frozenset({f"Organization/{_id(unit)}", "Practitioner/x", "PractitionerRole/x"})
    related = Related(actors, frozenset({"care-team", "consent"}), MOMENT)
    blocked = Related(actors, frozenset({"block"}), MOMENT)
    closed = BlockedBy(DOCUMENTED_BY, frozenset(BLOCKS.values()), actors, MOMENT)
    bases = Some(tuple(Token("status", None, code) for code in ("active", "on-hold")))
    messages = Every((OfKind(frozenset({"Communication"})), Reference("recipient", "Organization", _id(unit))))
    return Some((DIRECTORY, Every((CLINICAL, related, Without(blocked), Without(closed), bases)), messages))


def _all_asked() -> Iterator[Asked]:
    uncounted, first = ("_total", "none"), ("_count", f"{OF_ONE}")
    for unit in UNITS:
        named = f"a unit of {unit}: 20 of {PLANS:,} plans"
        yield Asked(named, _staff(unit), (first,), BY_UNIT)
        yield Asked(f"{named}, _total=none", _staff(unit), (first, uncounted), BY_UNIT)
    patient = ("patient", "Patient/p0")
    mine = OfPatient(frozenset({"p0"}))
    category = Token("category", None, None)
    yield Asked("without a grant: one patient's plans", Everything(), (first, patient), BY_ONE)
    yield Asked("a unit of all: one patient's plans", _staff("all"), (first, patient), BY_ONE)
    yield Asked("a citizen's own plans", Some((DIRECTORY, Every((CLINICAL, mine)))), (first,), BY_ONE)
    yield Asked(
        "an app's plans of a category", Every((OfKind(frozenset({"CarePlan"})), category, mine)), (first,), BY_ONE
    )


# ------------------------------------------------------------------------------------------------ in turn


async def _figure(asked: Asked, server: Server) -> Figure:
    theirs = replace(server, access=Under(asked.grant))
    search = Call(Address("search-type", "CarePlan"), parameters=asked.parameters)
    read = Call(Address("read", "CarePlan", asked.plan))
    searches, reads = [], []
    until = perf_counter() + SECONDS
    while len(searches) < ASKED and (perf_counter() < until or len(searches) < 2):
        searches.append(await _seconds(search, theirs))
        reads.append(await _seconds(read, server))
    ratio = median(searches) / median(reads)
    behind = f"p50 {median(searches) * 1000:.1f} ms; read {median(reads) * 1000:.1f} ms"
    return Figure(asked.name, ratio, asked.budget, at_most=True, unit=" reads", behind=behind)


async def _seconds(call: Call, server: Server) -> float:
    started = perf_counter()
    await perform(call, server)
    return perf_counter() - started
