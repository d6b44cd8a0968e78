"""K-07 and K-08: emergency access, who gets it, what it opens, and what is told of it."""

import asyncio
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from structlog.testing import capture_logs

from fhir_server.access.emergency import KIND
from fhir_server.fhir.instant import HOUR, MINUTE, span
from tests.access.abuse.conftest import documented, hsa
from tests.access.abuse.told import a_goal, bundled, found, keys, statuses, whole
from tests.access.worlds import OURS

pytestmark = pytest.mark.anyio
IN_MEMORY = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what no store has a part in."""

REASON = "Medvetslös på akuten, allergi okänd"
Asking = Callable[..., Awaitable[httpx.Response]]
OWN_BLOCKED, OUTER_BLOCKED, SHARED = "Goal/a-closed", "Goal/b-goal", "Goal/a-shared"
SERVICES = {"u1": "primary-care", "u2": "emergency", "u3": "sol", "u4": "inpatient"}


def asked(mode: str | None = "no-consent", reason: str | None = REASON) -> dict[str, Any]:
    parts = [{"name": "mode", "valueCode": mode}, {"name": "reason", "valueString": reason}]
    return {"resourceType": "Parameters", "parameter": [it for it in parts if None not in it.values()]}


def a_block(id: str, who: str, kind: str, organization: str) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/consent-kind", "code": kind}]}],
        "patient": {"reference": f"Patient/{who}"},
        "organization": [{"reference": f"Organization/{organization}"}],
        "policyRule": {"text": "en spärr"},
        "provision": {"type": "deny"},
    }


def a_service(unit: str) -> dict[str, Any]:
    code = {"system": f"{OURS}/CodeSystem/service", "code": SERVICES[unit]}
    provided = {"providedBy": {"reference": f"Organization/{unit}"}, "type": [{"coding": [code]}]}
    return {"resourceType": "HealthcareService", "id": f"s-{unit}", "active": True, **provided}


@pytest.fixture
async def blocked(api, as_system, world) -> None:
    """A's first unit has closed what it wrote to the region's others; B's second municipality, by its unit, to other providers."""
    unit = {**world["Organization/u4"], "partOf": {"reference": "Organization/second"}, "name": "Enheten"}
    made = [
        a_block("inner", "a", "inner-block", "u1"),
        a_block("outer", "b", "outer-block", "u4"),
        a_goal(id="a-closed", **documented("u1")),
        a_goal(id="a-shared", **documented("u3")),
        unit,
        {**world["Organization/second"], "name": "Andra kommunen"},
        *map(a_service, SERVICES),
    ]
    answer = await api.post(
        "", json=bundled(*(("PUT", f"{it['resourceType']}/{it['id']}", it) for it in made)), headers=as_system
    )
    assert {200, 201} >= set(statuses(answer))


@pytest.fixture
def ask(api, as_staff, blocked) -> Asking:
    """Emergency access to A, asked for by staff of the region's second unit (`r2`), who has nothing to do with A."""

    async def post(who: str = "r2", patient: str = "a", body: Any = None, **claims: Any) -> httpx.Response:
        headers = as_staff(who, **claims)
        return await api.post(f"Patient/{patient}/$emergency-access", json=body or asked(), headers=headers)

    return post


@pytest.fixture
async def later(assembly, monkeypatch) -> Callable[[int], Awaitable[None]]:
    """Sets the clock of the machine so many ms ahead."""
    real, ahead = time.time_ns, 0

    async def wait(ms: int) -> None:
        nonlocal ahead
        ahead += ms * 1_000_000
        await assembly.trust.refresh()

    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead)
    return wait


async def goals(api: httpx.AsyncClient, bearer: dict[str, str]) -> set[str]:
    return found(await api.get("Goal", headers=bearer))


# ------------------------------------------------------------------------------------------------ who blocks


async def test_k_07_who_blocks_is_told_in_an_emergency_alone_and_opens_nothing(api, ask, as_staff):
    assert 404 == (await api.get("Consent/outer", headers=as_staff("r2"))).status_code
    answer = await ask(patient="b", body=asked("who-blocks"))
    assert 200 == answer.status_code, answer.text
    told = [(it["name"], it["valueReference"]) for it in answer.json()["parameter"]]
    assert [("blocker", {"reference": "Organization/second", "display": "Andra kommunen"})] == told

    for place in (OUTER_BLOCKED, "Consent/outer", "Patient/b", "CarePlan/b-plan"):
        assert 404 == (await api.get(place, headers=as_staff("r2"))).status_code
    nobody = await ask(body=asked("who-blocks"))
    assert (200, {"resourceType": "Parameters"}) == (nobody.status_code, nobody.json())
    own = await ask("k2", patient="b", body=asked("who-blocks"))
    assert (200, None) == (own.status_code, own.json().get("parameter"))


@IN_MEMORY
async def test_k_07_a_block_of_another_provider_stands_in_every_mode(api, ask, as_staff):
    """3 kap. 6 § is of what is not blocked, 4 kap. 5 § PDL of the own provider's blocks."""
    for mode in ("no-consent", "inner-block"):
        assert 200 == (await ask(patient="b", body=asked(mode))).status_code
        assert set() == await goals(api, as_staff("r2"))
        assert 200 == (await api.get("Patient/b", headers=as_staff("r2"))).status_code
    lifted = {**a_block("outer", "b", "outer-block", "u4"), "status": "inactive"}
    assert 403 == (await api.put("Consent/outer", json=lifted, headers=as_staff("r2"))).status_code


# ------------------------------------------------------------------------------------------------ what is opened


async def test_k_08_what_is_shared_is_read_without_consent_and_what_is_blocked_is_not(api, ask, as_staff):
    assert 404 == (await api.get(SHARED, headers=as_staff("r2"))).status_code
    answer = await ask()
    assert (200, "expires") == (answer.status_code, answer.json()["parameter"][0]["name"]), answer.text

    assert 200 == (await api.get(SHARED, headers=as_staff("r2"))).status_code
    assert {SHARED} == await goals(api, as_staff("r2"))
    assert 404 == (await api.get(OWN_BLOCKED, headers=as_staff("r2"))).status_code
    assert {"Patient/a"} == found(await api.get("Patient", headers=as_staff("r2")))


async def test_k_08_an_inner_block_of_the_own_provider_opens_and_what_others_share_does_not(api, ask, as_staff):
    assert set() == await goals(api, as_staff("r2"))
    assert 200 == (await ask(body=asked("inner-block"))).status_code

    assert {OWN_BLOCKED, "Goal/a-goal"} == await goals(api, as_staff("r2"))
    everything = found(await api.get("Patient/a/$everything", headers=as_staff("r2")))
    assert "Patient/a" in everything
    assert OWN_BLOCKED in everything
    assert SHARED not in everything


async def test_k_08_it_is_for_reading_alone(api, ask, as_staff, as_system):
    """The twin who writes is in A's team, and has an emergency too: what a block closes is not written in one."""
    assert 200 == (await ask(body=asked("inner-block"))).status_code
    goal = a_goal(id="a-closed", **{**documented("u1"), "description": {"text": "gå in"}})
    assert 404 == (await api.put(OWN_BLOCKED, json=goal, headers=as_staff("r2"))).status_code
    assert 404 == (await api.delete(OWN_BLOCKED, headers=as_staff("r2"))).status_code
    assert 404 == (await api.post("Goal", json=a_goal(), headers=as_staff("r2"))).status_code
    assert 404 == (await api.get("Patient/a/$export", headers=as_staff("r2"))).status_code

    team = (await api.get("CareTeam/a-team", headers=as_system)).json()
    team["participant"].append({"member": {"reference": "Organization/u2"}})
    assert 200 == (await api.put("CareTeam/a-team", json=team, headers=as_system)).status_code
    assert 404 == (await api.put(OWN_BLOCKED, json=goal, headers=as_staff("r2"))).status_code
    assert 200 == (await api.put(OWN_BLOCKED, json=goal, headers=as_staff("r1"))).status_code
    assert 201 == (await api.post("Goal", json=a_goal(), headers=as_staff("r2"))).status_code


@IN_MEMORY
async def test_k_08_it_is_bound_to_person_commission_and_patient(api, ask, as_staff):
    assert 200 == (await ask()).status_code
    other = {"commission": hsa("cr1")}
    for bearer in (as_staff("r2", **other), as_staff("r2", employee=hsa("r1")), as_staff("k2")):
        assert 404 == (await api.get(SHARED, headers=bearer)).status_code
    assert 200 == (await api.get(SHARED, headers=as_staff("r2", number=1))).status_code

    for place in ("Patient/b", "Goal/b-goal", "CarePlan/b-plan"):
        assert 404 == (await api.get(place, headers=as_staff("r2"))).status_code


@IN_MEMORY
async def test_k_08_its_scopes_are_an_upper_bound(api, ask, as_staff):
    assert 403 == (await ask(scope="user/CarePlan.rs")).status_code
    assert 200 == (await ask(scope="user/Patient.r")).status_code
    assert 403 == (await api.get(SHARED, headers=as_staff("r2", scope="user/CarePlan.rs"))).status_code
    assert 200 == (await api.get(SHARED, headers=as_staff("r2", scope="user/Goal.r"))).status_code


@IN_MEMORY
async def test_k_08_it_ends_to_the_millisecond_though_the_caller_is_known_for_longer(api, ask, as_staff, later):
    answer = await ask()
    ends, _ = span(answer.json()["parameter"][0]["valueInstant"])
    assert 200 == (await api.get(SHARED, headers=as_staff("r2"))).status_code

    await later(60 * MINUTE - 5_000)
    assert ends - time.time_ns() // 1_000_000 <= 5_000
    assert 200 == (await api.get(SHARED, headers=as_staff("r2"))).status_code
    await later(5_000)
    assert 404 == (await api.get(SHARED, headers=as_staff("r2"))).status_code


# ------------------------------------------------------------------------------------------------ who gets it


@IN_MEMORY
@pytest.mark.parametrize(
    ("body", "key"),
    [
        (asked(reason=None), "emergency-reason"),
        (asked(reason="x" * 19), "emergency-reason"),
        (asked(reason="x" * 1001), "emergency-reason"),
        (asked(reason=f"kort   {' ' * 20}skäl"), "emergency-reason"),
        (asked("open-all"), "parameter-value"),
        (asked(None), "parameter-missing"),
    ],
    ids=["no reason", "19 characters", "1001 characters", "blanks", "unknown mode", "no mode"],
)
async def test_k_08_without_a_mode_and_a_reason_it_is_refused(ask, body, key):
    refused = await ask(body=body)
    assert (400, [key]) == (refused.status_code, keys(refused))
    assert 200 == (await ask(body=asked(reason="x" * 20))).status_code


@IN_MEMORY
async def test_k_08_citizens_systems_and_who_is_no_care_provider_are_refused(
    api, ask, as_citizen, as_system, as_staff, assembly
):
    path = "Patient/a/$emergency-access"
    for bearer in (as_citizen(), as_citizen(scope="user/*.cruds"), as_system):
        assert 403 == (await api.post(path, json=asked(), headers=bearer)).status_code
    for mode in ("who-blocks", "no-consent"):
        social = await ask("k1", body=asked(mode))
        assert (403, ["emergency-health-care"]) == (social.status_code, keys(social))
    for claims in ({"commission": None}, {"purpose": "HOPERAT"}):
        refused = await ask(**claims)
        assert 403 == refused.status_code
    assert (403, ["weakly-authenticated"]) == ((weak := await ask(acr="loa2")).status_code, keys(weak))
    unknown = await ask(patient="no-such")
    assert whole(unknown) == whole(await api.get("Patient/no-such", headers=as_staff("r2")))
    assert {} == await assembly.server.store.all_kept(KIND)

    assert 200 == (await ask()).status_code
    assert 200 == (await ask("k1", body=asked("inner-block"))).status_code


@IN_MEMORY
async def test_k_08_a_service_that_is_no_longer_active_makes_nobody_a_care_provider(api, ask, as_system):
    ended = {**a_service("u2"), "active": False}
    assert 200 == (await api.put("HealthcareService/s-u2", json=ended, headers=as_system)).status_code
    assert 403 == (await ask()).status_code
    assert 200 == (await api.put("HealthcareService/s-u2", json=a_service("u2"), headers=as_system)).status_code
    assert 200 == (await ask()).status_code


async def test_k_08_the_fourth_in_a_day_is_refused_with_an_alarm_and_of_many_at_once_three_are_given(api, ask, later):
    with capture_logs() as logs:
        answers = await asyncio.gather(*(ask(patient=patient) for patient in ("a", "a", "b", "c", "d")))
    refused = [answer for answer in answers if answer.status_code == 403]
    assert ([200, 200, 200, 403, 403], [["emergency-too-many"]] * 2) == (
        sorted(answer.status_code for answer in answers),
        list(map(keys, refused)),
    )
    alarms = {line["request"]: line for line in logs if line["event"] == "emergency-access-alarm"}  # in whatever order
    expected = {"event": "emergency-access-alarm", "log_level": "error", "provider": "SE2321000016-A001"}
    ids = [answer.headers["x-request-id"] for answer in refused]
    assert (2, {id: {**expected, "request": id} for id in ids}) == (len(logs) - 3, alarms)

    assert 403 == (await ask(commission=hsa("cr1"), patient="e", body=asked("inner-block"))).status_code
    assert 200 == (await ask("r1", patient="e", body=asked("inner-block"))).status_code
    await later(24 * HOUR)
    assert 200 == (await ask()).status_code


@IN_MEMORY
async def test_k_08_it_stands_in_no_bundle(api, ask, as_staff, assembly):
    for type in ("batch", "transaction"):
        chained = bundled(("POST", "Patient/a/$emergency-access", asked()), ("GET", SHARED), type=type)
        refused = await api.post("", json=chained, headers=as_staff("r2"))
        assert (400, ["entry-apart"]) == (refused.status_code, keys(refused))
    assert {} == await assembly.server.store.all_kept(KIND)

    assert 200 == (await ask()).status_code
    read = await api.post("", json=bundled(("GET", SHARED), type="batch"), headers=as_staff("r2"))
    assert [200] == statuses(read)


# ------------------------------------------------------------------------------------------------ what is told of it


def rules_in(event: dict[str, Any]) -> list[str]:
    (decision,) = [it for it in event["entity"] if it.get("type", {}).get("code") == "decision"]
    return next(it["valueString"] for it in decision["detail"] if it["type"] == "rule").split()


def purpose(event: dict[str, Any]) -> str:
    return event["purposeOfEvent"][0]["coding"][0]["code"]


async def test_k_08_the_log_reviewer_finds_it_at_once_and_every_read_under_it(api, ask, as_staff):
    reviewing = {"role": "log-reviewer", "scope": "user/AuditEvent.rs"}

    async def events(query: str, who: str = "r1") -> list[dict[str, Any]]:
        answer = await api.get(f"AuditEvent?{query}", headers=as_staff(who, **reviewing))
        return [it["resource"] for it in answer.json().get("entry", ())]

    with capture_logs() as logs:
        given = await ask()
    request = given.headers["x-request-id"]
    line = {"event": "emergency-access", "log_level": "warning", "provider": "SE2321000016-A001", "request": request}
    assert [line] == logs
    assert 400 == (await ask(body=asked(reason="kort"))).status_code

    (done,) = await events("subtype=operation&outcome=0")
    (refused,) = await events("subtype=operation&outcome=4")
    assert ["BTG", "BTG"] == [purpose(done), purpose(refused)]
    assert ["emergency-no-consent"] == rules_in(done)
    told = next(b64decode(it["query"]).decode() for it in done["entity"] if "query" in it)
    assert {"mode": ["no-consent"], "reason": [REASON]} == parse_qs(told.partition("?")[2])
    assert "Patient/a" in [it.get("what", {}).get("reference") for it in done["entity"]]
    assert [] == await events("subtype=operation", "k2")

    await api.get(SHARED, headers=as_staff("r2"))
    await api.get("Goal", headers=as_staff("r2"))
    await api.get("Organization/u1", headers=as_staff("r2"))
    read, other = await events("subtype=read")
    (search,) = [it for it in await events("subtype=search-type&patient=a") if purpose(it) == "BTG"]
    assert ["BTG", "TREAT"] == [purpose(read), purpose(other)]
    opened = {"emergency-no-consent", "emergency-person"}
    assert [opened, set(), opened] == [opened & set(rules_in(one)) for one in (read, other, search)]
