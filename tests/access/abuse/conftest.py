"""The people and plans of the abuse suite: patients A and B, C (protected), D (12 years) and E (13); a region and two
municipalities; staff of two units of the region and of each municipality. Plan PA is A's, of the region and the first
municipality; PB is B's, of the second.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fhir_server.assembly import Assembly
from tests.access.house import BASE, a_bearer, smart
from tests.access.worlds import DOCUMENTED_BY, HSA, OURS, RESERVE, SYSTEM

REGION, FIRST, SECOND = "SE2321000016-A001", "SE2120000001-B001", "SE2120000002-B002"
UNITS = {"u1": REGION, "u2": REGION, "u3": FIRST, "u4": SECOND}
STAFF = {"r1": "u1", "r2": "u2", "k1": "u3", "k2": "u4"}
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
CITIZENS = ("a", "b", "c", "d", "e")
FOLDER = Path(__file__).parent


@pytest.fixture
async def assembly(settings) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


@pytest.fixture
def as_system():
    """The header of a system that loads and tends the data."""
    return a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": "system/*.cruds"})


@pytest.fixture
def as_narrow():
    """The header of a system whose scopes reach a part of what there is."""

    def bearer(scope: str, **claims: Any) -> dict[str, str]:
        return a_bearer(BASE, **{**SYSTEM, "sub": "planner", "scope": scope, **claims})

    return bearer


@pytest.fixture
def as_citizen():
    """The header of a citizen (`a`), with scopes."""

    def bearer(who: str = "a", scope: str = "patient/*.cruds", **claims: Any) -> dict[str, str]:
        return a_bearer(BASE, **{**SYSTEM, "sub": who, "citizen": f"reserve-{who}", "scope": scope, **claims})

    return bearer


@pytest.fixture
def as_staff():
    """The header of a member of staff (`r1`), with scopes."""

    def bearer(who: str = "r1", scope: str = "user/*.cruds", **claims: Any) -> dict[str, str]:
        unit = STAFF[who]
        ids = {"employee": hsa(who), "commission": hsa(f"c{who}"), "unit": hsa(unit), "provider": UNITS[unit]}
        return a_bearer(BASE, **{**ids, "sub": who, "scope": scope, **claims})

    return bearer


def hsa(name: str) -> str:
    """The HSA-id of a unit, a member of staff or a commission."""
    owner = UNITS.get(name) or UNITS[STAFF[name.removeprefix("c")]]
    return f"{owner.partition('-')[0]}-{name.upper()}"


@pytest.fixture
async def world(api, as_system) -> dict[str, dict[str, Any]]:
    """All that there is, loaded; by Type/id."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}} for one in made()
    ]
    answer = await api.post(
        "", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}, headers=as_system
    )
    assert 200 == answer.status_code, answer.text[:2000]
    return {f"{one['resourceType']}/{one['id']}": one for one in made()}


def made() -> list[dict[str, Any]]:
    return [*_directory(), *_patients(), *_plans()]


def numbered(system: str, value: str) -> dict[str, Any]:
    return {"identifier": [{"system": system, "value": value}]}


def _directory() -> list[dict[str, Any]]:
    providers = {"region": REGION, "first": FIRST, "second": SECOND}
    found = [{"resourceType": "Organization", "id": id, **numbered(HSA, own)} for id, own in providers.items()]
    found += [{"resourceType": "Organization", "id": unit, **numbered(HSA, hsa(unit))} for unit in UNITS]
    for who in STAFF:
        found.append({"resourceType": "Practitioner", "id": who, **numbered(HSA, hsa(who))})
        found.append({"resourceType": "PractitionerRole", "id": f"c{who}", **numbered(HSA, hsa(f"c{who}"))})
    return found


def _patients() -> list[dict[str, Any]]:
    born = {"d": "2014-06-01", "e": "2013-06-01"}
    return [
        {
            "resourceType": "Patient",
            "id": who,
            **numbered(RESERVE, f"reserve-{who}"),
            "name": [{"family": f"Prov{who.upper()}"}],
            **({"birthDate": born[who]} if who in born else {}),
        }
        for who in CITIZENS
    ]


PROVIDER_OF = {"u1": "region", "u2": "region", "u3": "first", "u4": "second"}


def documented(unit: str, *labels: dict[str, str], **meta: Any) -> dict[str, Any]:
    """The meta of what a unit wrote, open to others for care."""
    marks = [f"Organization/{PROVIDER_OF[unit]}", f"Organization/{unit}"]
    shared = {"system": f"{OURS}/CodeSystem/sharing-basis", "code": "lvod-care"}
    extension = [{"url": DOCUMENTED_BY, "valueReference": {"reference": mark}} for mark in marks]
    return {"meta": {"security": [shared, *labels], "extension": extension, **meta}}


def _plans() -> list[dict[str, Any]]:
    return [*about("a", "u1", ["Organization/u1", "Organization/u3"]), *about("b", "u4", ["Organization/u4"])]


def about(who: str, unit: str, members: list[str]) -> list[dict[str, Any]]:
    """A plan of somebody, and what hangs on it; each id begins with whose it is."""
    subject, by = {"reference": f"Patient/{who}"}, documented(unit)
    team = {
        "status": "active",
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "sip-team"}]}],
        "subject": subject,
        "participant": [{"member": {"reference": member}} for member in members],
        "managingOrganization": [{"reference": f"Organization/{PROVIDER_OF[unit]}"}],
    }
    consent = {
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/consent-kind", "code": "sip"}]}],
        "patient": subject,
        "policyRule": {"text": "16 kap. 4 § HSL"},
        "provision": {
            "type": "permit",
            "actor": [{"role": {"text": "part"}, "reference": {"reference": member}} for member in members],
        },
    }
    plan = {
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": "https://plans.example/CodeSystem/kind", "code": "sip"}]}],
        "subject": subject,
        "careTeam": [{"reference": f"CareTeam/{who}-team"}],
        "goal": [{"reference": f"Goal/{who}-goal"}],
        "title": f"Plan {who}",
    }
    rest = {
        "CareTeam": team,
        "Consent": consent,
        "CarePlan": plan,
        "Goal": {"lifecycleStatus": "active", "description": {"text": "gå ut"}, "subject": subject},
        "Task": {
            "status": "requested",
            "intent": "order",
            "for": subject,
            "basedOn": [{"reference": f"CarePlan/{who}-plan"}],
            "owner": {"reference": members[-1]},
        },
        "ServiceRequest": {
            "status": "active",
            "intent": "order",
            "subject": subject,
            "basedOn": [{"reference": f"CarePlan/{who}-plan"}],
        },
        "Communication": {
            "status": "completed",
            "subject": subject,
            "sender": {"reference": f"Organization/{unit}"},
            "recipient": [{"reference": members[-1]}],
        },
        "Observation": {"status": "final", "code": {"text": "vikt"}, "subject": subject},
        "Condition": {"subject": subject, "code": {"text": "fall"}},
        "Encounter": {
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": subject,
        },
        "EpisodeOfCare": {"status": "active", "patient": subject},
        "Flag": {"status": "active", "code": {"text": "fall"}, "subject": subject},
        "RelatedPerson": {"patient": subject},
        "QuestionnaireResponse": {"status": "completed", "subject": subject},
        "DocumentReference": {
            "status": "current",
            "subject": subject,
            "content": [{"attachment": {"contentType": "text/plain"}}],
        },
    }
    short = {"CareTeam": "team", "CarePlan": "plan", "Goal": "goal"}
    return [
        {"resourceType": type, "id": f"{who}-{short.get(type, type.lower())}", **by, **members_}
        for type, members_ in rest.items()
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a case with many spellings MongoDB has the first, SQLite all: what a spelling means is settled before a store comes to it,
    and each wants a whole world of its own, which takes the emulator a second.
    """
    seen: set[tuple[str, str]] = set()
    apart = []
    for item in items:
        given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if FOLDER not in item.path.parents or given.get("database") != "mongo":
            continue
        case = (str(item.path), item.originalname)
        if case in seen:
            apart.append(item)
        seen.add(case)
    config.hook.pytest_deselected(items=apart)
    left_out = set(apart)
    items[:] = [item for item in items if item not in left_out]
