"""Patient/[id]/$request-sip: a plan that somebody asks for, and the Task of the unit that is asked."""

import asyncio

import pytest

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.fhir.extension import extensions, value_of
from tests.builders import a_patient, issue_keys

pytestmark = pytest.mark.anyio

FIRST, SECOND = (f"urn:uuid:00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
UNIT, NURSE, DAUGHTER = "Organization/unit", "PractitionerRole/nurse", "RelatedPerson/daughter"
NAME = [{"use": "official", "family": "Berglund", "given": ["Anita"]}]


def at(place):
    return {"reference": place}


WRITTEN = [
    a_patient(id="p1", name=NAME),
    {"resourceType": "Patient", "id": "other"},
    {"resourceType": "Organization", "id": "unit", "name": "Biståndsenheten"},
    {"resourceType": "Organization", "id": "closed", "name": "Nedlagd", "active": False},
    {"resourceType": "PractitionerRole", "id": "nurse"},
    {"resourceType": "RelatedPerson", "id": "daughter", "patient": at("Patient/p1")},
    {"resourceType": "RelatedPerson", "id": "others", "patient": at("Patient/other")},
]


@pytest.fixture(autouse=True)
async def stored(api):
    for one in WRITTEN:
        assert 201 == (await api.put(f"{one['resourceType']}/{one['id']}", json=one)).status_code


def asked(identifier=FIRST, to=UNIT, by="Patient/p1", reason="Många är inblandade", **more):
    told = [("identifier", "valueUri", identifier), ("reason", "valueString", reason)]
    told += [("to", "valueReference", to and at(to)), ("by", "valueReference", by and at(by))]
    told += [("matters", "valueString", one) for one in more.get("matters", ())]
    for name in ("invite", "notInvite"):
        told += [(name, "valueReference" if isinstance(it, dict) else "valueString", it) for it in more.get(name, ())]
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: it} for name, member, it in told if it]}


async def request(api, person="p1", **told):
    return await api.post(f"Patient/{person}/$request-sip", json=asked(**told))


async def counted(api):
    return [(await api.get(f"{type}/_history")).json()["total"] for type in ("CarePlan", "Task")]


async def test_a_plan_that_is_asked_for_is_a_draft_and_a_task_of_the_unit(api):
    made = await request(
        api,
        matters=["Att bo kvar hemma", "Att träffa barnbarnen"],
        invite=[at(NURSE), "Grannen Stina"],
        notInvite=[at(DAUGHTER)],
    )

    assert 201 == made.status_code, made.text
    plan = made.json()
    assert made.headers["Location"].endswith(f"CarePlan/{plan['id']}/_history/1")
    assert plan == (await api.get(f"CarePlan/{plan['id']}")).json()
    assert ("draft", "plan", "SIP") == (plan["status"], plan["intent"], plan["category"][0]["coding"][0]["code"])
    assert (at("Patient/p1"), at(UNIT), "Många är inblandade") == (plan["subject"], plan["author"], plan["description"])
    (initiator,) = (value_of(one)["coding"] for one in extensions(plan, "initiator"))
    assert [{"system": f"{OURS}/CodeSystem/initiator", "code": "person"}] == initiator
    matters = {"url": structure("what-matters"), "valueString": "Att bo kvar hemma\nAtt träffa barnbarnen"}
    assert matters in plan["extension"]
    (task,) = [it["resource"] for it in (await api.get(f"Task?based-on=CarePlan/{plan['id']}")).json()["entry"]]
    assert ("requested", "call-sip") == (task["status"], task["code"]["coding"][0]["code"])
    assert (at("Patient/p1"), at(UNIT)) == (task["requester"], task["owner"])
    assert (at(f"CarePlan/{plan['id']}"), "Anita Berglund") == (task["focus"], task["for"]["display"])
    assert [("Bjud in", at(NURSE)), ("Bjud in", "Grannen Stina"), ("Bjud inte in", at(DAUGHTER))] == [
        (one["type"]["text"], one.get("valueReference") or one["valueString"]) for one in task["input"]
    ]
    stands = (await api.get(f"CarePlan/{plan['id']}/$process")).json()["parameter"]
    assert ["proposed"] == [one["valueCoding"]["code"] for one in stands if one["name"] == "state"]


async def test_a_request_that_comes_twice_is_one(api):
    together = await asyncio.gather(*(request(api) for _ in range(3)))
    later = await request(api, identifier=FIRST.upper().replace("URN:UUID", "urn:uuid"), reason="En gång till")
    others = await request(api, "other", by=NURSE)

    assert [200, 200, 201] == sorted(it.status_code for it in together)
    assert (200, 1) == (later.status_code, len({it.text for it in (*together, later)}))
    assert (409, ["request-identifier-taken"]) == (others.status_code, issue_keys(others.json()))
    assert [1, 1] == await counted(api)
    assert 201 == (await request(api, identifier=SECOND)).status_code
    assert [2, 2] == await counted(api)


REFUSED = {
    "no-identifier": ({"identifier": ""}, "parameter-missing"),
    "identifier-of-another-form": ({"identifier": "urn:oid:1.2"}, "parameter-value"),
    "no-reason": ({"reason": ""}, "parameter-missing"),
    "blank-reason": ({"reason": "  "}, "parameter-value"),
    "no-unit": ({"to": ""}, "parameter-missing"),
    "unit-that-there-is-not": ({"to": "Organization/none"}, "parameter-value"),
    "unit-that-is-closed": ({"to": "Organization/closed"}, "parameter-value"),
    "person-to-ask": ({"to": NURSE}, "parameter-value"),
    "by-nobody": ({"by": ""}, "parameter-missing"),
    "by-another-person": ({"by": "Patient/other"}, "parameter-value"),
    "by-anothers-relative": ({"by": "RelatedPerson/others"}, "parameter-value"),
    "long-text": ({"matters": ["x" * 2001]}, "parameter-value"),
    "many-to-invite": ({"invite": ["Stina"] * 51}, "parameter-value"),
    "blank-name": ({"notInvite": [" "]}, "parameter-value"),
}


async def test_what_is_not_asked_rightly_is_refused_and_makes_nothing(api):
    for name, (told, key) in REFUSED.items():
        refused = await request(api, **told)
        assert (400, [key]) == (refused.status_code, issue_keys(refused.json())), name
    assert 404 == (await request(api, "nobody")).status_code
    assert [0, 0] == await counted(api)
    for number, (by, initiator) in enumerate({DAUGHTER: "relative", NURSE: "staff"}.items(), start=3):
        made = await request(
            api, identifier=f"{FIRST[:-1]}{number}", by=by, matters=["x" * 2000], invite=["Stina"] * 50
        )
        assert 201 == made.status_code, made.text
        (told,) = (value_of(one)["coding"] for one in extensions(made.json(), "initiator"))
        assert initiator == told[0]["code"]
