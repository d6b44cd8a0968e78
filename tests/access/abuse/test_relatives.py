"""Who acts for somebody else, as the guardian of a child or as a proxy, and until when.

Citizen A is the guardian of D, who is twelve, and of E, who is thirteen; citizen B is the proxy of A. What the house believes of
relatives is five seconds old at the most: a test that changes them moves its clock on.
"""

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest

from fhir_server.assembly import Assembly
from tests.access.abuse.conftest import documented, numbered
from tests.access.abuse.test_policy import PLAN, a_block, day, is_hidden, is_seen, put
from tests.access.abuse.told import a_goal, a_message, keys
from tests.access.house import smart
from tests.access.worlds import OURS, RESERVE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
Json = dict[str, Any]

ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
PROTECTED = {"system": "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel", "code": "sekretessmarkering"}
OFF, ON = {"proxies": False}, {"proxies": True}


@pytest.fixture
async def assembly(settings, time) -> AsyncIterator[Assembly]:
    async with smart(settings) as house:
        yield house


def a_relative(of: str, who: str, code: str = "GUARD", system: str = ROLE_CODE, **members: Any) -> Json:
    return {
        "resourceType": "RelatedPerson",
        "id": f"{of}-{who}",
        **numbered(RESERVE, f"reserve-{who}"),
        "active": True,
        "patient": {"reference": f"Patient/{of}"},
        "relationship": [{"coding": [{"system": system, "code": code}]}],
        **members,
    }


def labelled(resource: Json, *labels: Json) -> Json:
    return resource | {"meta": {"security": list(labels)}}


def a_child(id: str, born: str) -> list[Json]:
    """A child, its guardian A, and a goal of its own."""
    child = {"resourceType": "Patient", "id": id, **numbered(RESERVE, f"reserve-{id}"), "birthDate": born}
    return [child, a_relative(id, "a"), {**a_goal(id), "id": f"{id}-goal", **documented("u1")}]


# ------------------------------------------------------------------------------------------------ K-06


async def test_k_06_a_guardian_blocks_nothing_of_the_childs(api, as_citizen, as_system):
    await put(api, as_system, *a_child("d", "2014-06-01"))
    guardian = as_citizen("a", patient="d")
    for kind in ("inner-block", "outer-block"):
        block = a_block(kind, "u1") | {"patient": {"reference": "Patient/d"}, "id": f"d-{kind}"}

        for refused in (
            await api.post("Consent", json=block, headers=guardian),
            await api.put(f"Consent/d-{kind}", json=block, headers=guardian),
        ):
            assert (403, ["role-missing"]) == (refused.status_code, keys(refused))
        assert 201 == (await api.put(f"Consent/d-{kind}", json=block, headers=as_system)).status_code
        await is_seen(api, guardian, f"Consent/d-{kind}")


# ------------------------------------------------------------------------------------------------ K-13

MOMENTS = [
    # born, the last moment before the thirteenth birthday in Stockholm, and that birthday's first
    ("winter", "2015-01-15", "2028-01-14T22:59:59.999Z", "2028-01-14T23:00:00Z"),
    ("the day the clocks change", "2015-03-26", "2028-03-25T22:59:59.999Z", "2028-03-25T23:00:00Z"),
    ("summer", "2015-06-10", "2028-06-09T21:59:59.999Z", "2028-06-09T22:00:00Z"),
    ("leap day", "2016-02-29", "2029-02-28T22:59:59.999Z", "2029-02-28T23:00:00Z"),
]


async def test_k_13_a_guardian_sees_the_child_until_its_thirteenth_birthday_begins_in_stockholm(
    api, as_citizen, as_system, time
):
    children = [(f"child{number}", *rest) for number, (_, *rest) in enumerate(MOMENTS)]
    for id, born, _, _ in children:
        await put(api, as_system, *a_child(id, born))

    for id, _, last, first in children:
        guardian = as_citizen("a", patient=id)
        time.stop(last)
        await is_seen(api, guardian, f"Goal/{id}-goal")
        time.stop(first)  # the standing is still believed: the rule compares the moment
        await is_hidden(api, guardian, f"Goal/{id}-goal")
        await is_hidden(api, guardian, f"Patient/{id}")


async def test_k_13_a_guardian_acts_for_a_child_of_twelve_and_is_nobody_else_meanwhile(
    api, as_citizen, as_system, assembly
):
    await put(api, as_system, *a_child("d", "2014-06-01"), *a_child("e", "2013-06-01"))
    guardian = as_citizen("a", patient="d")

    for seen in ("Patient/d", "Goal/d-goal", "RelatedPerson/d-a"):
        await is_seen(api, guardian, seen)
    for hidden in ("Goal/e-goal", "Patient/e", "Patient/a", PLAN):
        await is_hidden(api, guardian, hidden)
        await is_hidden(api, as_citizen("a", patient="d", scope="user/*.rs"), hidden)
    await is_hidden(api, as_citizen("a", patient="e"), "Goal/e-goal")
    await is_seen(api, as_citizen("a"), PLAN)
    await is_hidden(api, as_citizen("a"), "Goal/d-goal")

    assert 201 == (await api.post("Communication", json=a_message("d"), headers=guardian)).status_code
    assert 404 == (await api.post("Communication", json=a_message("a"), headers=guardian)).status_code


async def test_k_13_the_trail_says_for_whom_a_guardian_acted(api, as_citizen, as_system):
    await put(api, as_system, *a_child("d", "2014-06-01"))
    await is_seen(api, as_citizen("a", patient="d"), "Goal/d-goal")
    await is_seen(api, as_citizen("a"), PLAN)

    acted = (await api.get("AuditEvent?agent=Patient/d&subtype=read", headers=as_system)).json()
    (event,) = (entry["resource"] for entry in acted["entry"])
    *_, user, proxy = event["agent"]
    assert {"reference": "RelatedPerson/d-a", "identifier": {"value": "reserve-a"}} == user["who"]
    assert "guardian" == user["role"][0]["text"]
    assert ("proxy", "Patient/d") == (proxy["type"]["coding"][0]["code"], proxy["who"]["reference"])
    own = (await api.get("AuditEvent?agent=Patient/a&subtype=read", headers=as_system)).json()
    assert ["proxy"] not in [
        [it["type"]["coding"][0]["code"] for it in one["resource"]["agent"][-1:]] for one in own["entry"]
    ]


async def test_k_13_what_a_guardian_writes_says_who_wrote_it_for_whom(api, as_citizen, as_system):
    await put(api, as_system, *a_child("d", "2014-06-01"))
    message = (await api.post("Communication", json=a_message("d"), headers=as_citizen("a", patient="d"))).json()

    told = (await api.get(f"Provenance?target=Communication/{message['id']}", headers=as_system)).json()
    (agent,) = told["entry"][0]["resource"]["agent"]
    assert ("RelatedPerson/d-a", "Patient/d") == (agent["who"]["reference"], agent["onBehalfOf"]["reference"])


async def test_k_13_who_was_never_told_of_as_a_guardian_is_refused(api, as_citizen, as_system):
    mother = a_relative("d", "b", "MTH")
    await put(api, as_system, *a_child("d", "2014-06-01"), mother, a_relative("d", "stranger"))

    for who in ("b", "c"):
        refused = await api.get("Patient/d", headers=as_citizen(who, patient="d"))
        assert (403, ["citizen-unknown"]) == (refused.status_code, keys(refused))
    await is_seen(api, as_citizen("a", patient="d"), "Patient/d")
    await is_seen(api, as_citizen("stranger", patient="d"), "Patient/d")  # nothing is kept about that person itself
    assert 403 == (await api.get("Patient/d", headers=as_citizen("stranger"))).status_code


async def test_k_13_what_a_guardian_rests_on_must_hold(api, as_citizen, as_system, world, time):
    child, relative, goal = a_child("d", "2014-06-01")
    await put(api, as_system, child, relative, goal)
    guardian = as_citizen("a", patient="d")
    for changed in (
        relative | {"active": False},
        {name: value for name, value in relative.items() if name != "active"},
        relative | {"period": {"end": day(-2)}},
        relative | {"period": {"start": day(2)}},
        labelled(relative, PROTECTED),
        labelled(child, PROTECTED),
        labelled(child, PROTECTED | {"code": "skyddadFolkbokforing"}),
        labelled(world["Patient/a"], PROTECTED),
        child | {"birthDate": "2014"},
        {name: value for name, value in child.items() if name != "birthDate"},
    ):
        await is_seen(api, guardian, "Goal/d-goal")
        await put(api, as_system, changed)
        time.later()
        await is_hidden(api, guardian, "Goal/d-goal")
        await put(api, as_system, child, relative, world["Patient/a"])
        time.later()
    await put(api, as_system, relative | {"period": {"start": day(-2), "end": day(2)}})
    time.later()
    await is_seen(api, guardian, "Goal/d-goal")


@pytest.mark.parametrize(
    "label", [("sharing-basis", "lvod-2-6"), ("v3-Confidentiality", "V")], ids=["without-consent", "very-restricted"]
)
async def test_k_13_a_guardian_sees_no_more_than_the_child_would(api, as_citizen, as_system, label):
    system, code = label
    system = f"{OURS}/CodeSystem/{system}" if code != "V" else f"http://terminology.hl7.org/CodeSystem/{system}"
    *whole, goal = a_child("d", "2014-06-01")
    await put(api, as_system, *whole, goal)
    for bearer in (as_citizen("d"), as_citizen("a", patient="d")):
        await is_seen(api, bearer, "Goal/d-goal")
    await put(api, as_system, labelled(goal, {"system": system, "code": code}))
    for bearer in (as_citizen("d"), as_citizen("a", patient="d")):
        await is_hidden(api, bearer, "Goal/d-goal")


# ------------------------------------------------------------------------------------------------ K-12


def a_mandate(*plans: str, **provision: Any) -> Json:
    """A's consent that B reads plans, or all."""
    data = [{"meaning": "related", "reference": {"reference": plan}} for plan in plans]
    told = {
        "type": "permit",
        "period": {"start": day(-30), "end": day(30)},
        "actor": [{"role": {"text": "ombud"}, "reference": {"reference": "RelatedPerson/a-b"}}],
        **({"data": data} if data else {}),
    }
    consent = {name: value for name, value in a_block("sip", "u1").items() if name != "organization"}
    return deepcopy(consent | {"id": "a-mandate", "provision": told | provision})


PROXY = a_relative("a", "b", "HPOWATT")
OTHERS = [
    {**a_goal("a"), "id": "a-other-goal", **documented("u1")},
    {
        "resourceType": "CarePlan",
        "id": "a-other",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/a"},
        "goal": [{"reference": "Goal/a-other-goal"}],
        **documented("u1"),
    },
]
OF_THE_PLAN = (PLAN, "Goal/a-goal", "CareTeam/a-team", "Task/a-task", "ServiceRequest/a-servicerequest")
OF_ANOTHER = ("CarePlan/a-other", "Goal/a-other-goal")
OF_NO_PLAN = ("Patient/a", "Observation/a-observation", "Communication/a-communication", "Consent/a-mandate")


@pytest.mark.parametrize(("limits", "sees"), [(OFF, False), (ON, True)], ids=["off", "on"])
@pytest.mark.parametrize(
    ("code", "system"),
    [("POWATT", ROLE_CODE), ("god-man", f"{OURS}/CodeSystem/representative")],
    ids=["ombud", "god-man"],
)
async def test_k_12_a_proxy_is_let_in_where_the_deployment_says_so(api, as_citizen, as_system, code, system, sees):
    await put(api, as_system, a_relative("a", "b", code, system), a_mandate())
    proxy = as_citizen("b", patient="a")

    if sees:
        await is_seen(api, proxy)
    else:
        for place in (PLAN, "CarePlan", "Patient/a"):
            refused = await api.get(place, headers=proxy)
            assert (403, ["citizen-unknown"]) == (refused.status_code, keys(refused))
    await is_seen(api, as_citizen("b"), "CarePlan/b-plan")


@pytest.mark.parametrize("limits", [ON], ids=["on"])
async def test_k_12_a_proxy_reads_the_plans_that_the_consent_names_and_what_belongs_to_them(
    api, as_citizen, as_system, time
):
    await put(api, as_system, *OTHERS, PROXY, a_mandate(PLAN))
    proxy = as_citizen("b", patient="a")
    for seen in OF_THE_PLAN:
        await is_seen(api, proxy, seen)
    for hidden in (*OF_ANOTHER, *OF_NO_PLAN, "CarePlan/b-plan"):
        await is_hidden(api, proxy, hidden)

    await put(api, as_system, a_mandate())
    time.later()
    for seen in (*OF_THE_PLAN, *OF_ANOTHER):
        await is_seen(api, proxy, seen)
    for hidden in OF_NO_PLAN:
        await is_hidden(api, proxy, hidden)
    refused = await api.post("Communication", json=a_message("a"), headers=proxy)
    assert 404 == refused.status_code
    assert 201 == (await api.post("Communication", json=a_message("a"), headers=as_citizen("a"))).status_code


@pytest.mark.parametrize("limits", [ON], ids=["on"])
async def test_k_12_what_a_proxy_rests_on_must_hold(api, as_citizen, as_system, world, time):
    mandate, patient = a_mandate(PLAN), world["Patient/a"]
    await put(api, as_system, *OTHERS, PROXY, mandate)
    proxy = as_citizen("b", patient="a")
    kept_out = a_mandate("Goal/a-goal", type="deny") | {"id": "a-exception"}
    for changed in (
        a_mandate(PLAN, period={"start": day(-30), "end": day(-2)}),
        a_mandate(PLAN, period={"start": day(2)}),
        a_mandate("CarePlan/a-other"),
        a_mandate("Goal/a-goal"),
        a_mandate(PLAN, **{"class": [{"system": "urn:ietf:bcp:13", "code": "application/pdf"}]}),
        a_mandate(PLAN, actor=[{"role": {"text": "part"}, "reference": {"reference": "Organization/u1"}}]),
        {name: value for name, value in mandate.items() if name != "provision"},
        mandate | {"patient": {"reference": "Patient/b"}},
        kept_out,
        PROXY | {"active": False},
        PROXY | {"period": {"end": day(-2)}},
        labelled(patient, PROTECTED),
        labelled(world["Patient/b"], PROTECTED),
    ):
        await is_seen(api, proxy)
        await put(api, as_system, changed)
        time.later()
        await is_hidden(api, proxy)
        await put(api, as_system, mandate, kept_out | {"status": "inactive"}, PROXY, patient, world["Patient/b"])
        time.later()


@pytest.mark.parametrize("limits", [ON], ids=["on"])
async def test_k_12_a_consent_that_is_withdrawn_ends_it_at_once(api, as_citizen, as_system):
    await put(api, as_system, PROXY, a_mandate(PLAN))
    proxy = as_citizen("b", patient="a")
    await is_seen(api, proxy)

    await put(api, as_system, a_mandate(PLAN) | {"status": "inactive"})
    await is_hidden(api, proxy)
