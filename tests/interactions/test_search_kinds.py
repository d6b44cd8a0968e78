"""Every kind of parameter, chains and `_filter`, as a client asks them. https://hl7.org/fhir/R4/search.html"""

import pytest

from tests.builders import a_bundle, a_care_plan, a_care_team, an_entry

pytestmark = pytest.mark.anyio

UCUM = "http://unitsofmeasure.org"
WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]}


def at(place):
    return {"reference": place}


def a_person(id, family, given, **members):
    return {"resourceType": "Patient", "id": id, "name": [{"family": family, "given": [given]}], **members}


def a_weight(id, patient, kilos, **members):
    value = {"value": kilos, "unit": "kg", "system": UCUM, "code": "kg"}
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": WEIGHT,
        "subject": at(f"Patient/{patient}"),
        "valueQuantity": value,
        **members,
    }


@pytest.fixture(autouse=True)
async def kept(api):
    """Three people with plans, teams and weights."""
    told = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Bo kvar <b>hemma</b></div>'}
    made = {
        "Patient/asa": a_person("asa", "Öberg", "Åsa", gender="female", birthDate="1950-09-07"),
        "Patient/zorn": a_person("zorn", "Zorn", "Anders", gender="male", birthDate="1990-02-22"),
        "Patient/ek": a_person("ek", "Ek", "Asta", gender="female"),
        "Organization/home": {"resourceType": "Organization", "id": "home", "name": "Hemtjänsten"},
        "CareTeam/team": a_care_team(
            id="team", subject=at("Patient/asa"), participant=[{"member": at("Organization/home")}]
        ),
        "CarePlan/of-asa": a_care_plan(
            id="of-asa", subject=at("Patient/asa"), careTeam=[at("CareTeam/team")], text=told, title="Plan"
        ),
        "CarePlan/of-zorn": a_care_plan(id="of-zorn", subject=at("Patient/zorn"), title="Träning hemma"),
        "Observation/light": a_weight("light", "asa", 54.5),
        "Observation/heavy": a_weight("heavy", "zorn", 100),
    }
    answer = await api.post("", json=a_bundle(*(an_entry("PUT", place, one) for place, one in made.items())))
    assert 200 == answer.status_code, answer.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        # strings
        ("Patient?name=oberg", "asa"),
        ("Patient?family=ÖB", "asa"),
        ("Patient?given=as", "asa ek"),
        ("Patient?given:exact=Åsa", "asa"),
        ("Patient?given:exact=åsa", ""),
        ("Patient?family:contains=r", "asa zorn"),
        ("Patient?family:contains=.*r.*", "asa zorn"),
        ("Patient?family:contains=(a%2B)%2B$", ""),
        ("Patient?name:missing=true", ""),
        ("Patient?_sort=family", "ek zorn asa"),
        ("Patient?_sort=-family", "asa zorn ek"),
        ("Patient?_sort=gender,-family", "asa ek zorn"),
        # dates, tokens
        ("Patient?birthdate=lt1960", "asa"),
        ("Patient?birthdate=1990-02", "zorn"),
        ("Patient?birthdate:missing=true", "ek"),
        ("Patient?gender:not=male", "asa ek"),
        ("Observation?code:text=body", "heavy light"),
        ("Observation?code=http://loinc.org|29463-7", "heavy light"),
        # quantities, composites
        ("Observation?value-quantity=100", "heavy"),
        ("Observation?value-quantity=lt60", "light"),
        ("Observation?value-quantity=54.5||kg", "light"),
        (f"Observation?value-quantity=gt50|{UCUM}|kg", "heavy light"),
        (f"Observation?value-quantity=gt50|{UCUM}|g", ""),
        ("Observation?_sort=-value-quantity", "heavy light"),
        ("Observation?code-value-quantity=29463-7$gt60", "heavy"),
        ("Observation?code-value-quantity=other$gt60", ""),
        # chains, there and back
        ("CarePlan?subject:Patient.name=zorn", "of-zorn"),
        ("CarePlan?patient.gender=female", "of-asa"),
        ("CarePlan?patient.gender:not=female", "of-zorn"),
        ("CarePlan?care-team.participant:Organization.name=hemtj", "of-asa"),
        ("CarePlan?care-team-participant=Organization/home", "of-asa"),
        ("Patient?_has:Observation:patient:value-quantity=gt60", "zorn"),
        ("Patient?_has:CarePlan:patient:_has:CarePlan:part-of:status=active", ""),
        ("Organization?_has:CareTeam:participant:_has:CarePlan:care-team:status=active", "home"),
        ("Observation?patient._has:CarePlan:patient:care-team=CareTeam/team", "light"),
        # words
        ("CarePlan?_text=HEMMA bo", "of-asa"),
        ("CarePlan?_content=hemma", "of-asa of-zorn"),
        ("CarePlan?_content=hem", ""),
        # _filter
        ('Patient?_filter=family co "e" and (gender eq female or birthdate ge 1980)', "asa ek"),
        ('Patient?_filter=not (family sw "z")', "asa ek"),
        ('CarePlan?_filter=patient.family eq "Zorn"', "of-zorn"),
    ],
)
async def test_what_is_asked_is_found(api, asked, found):
    answer = await api.get(asked)

    assert 200 == answer.status_code, answer.text
    assert found.split() == [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


async def test_a_list_is_searched_by_its_items(api):
    entries = {"entry": [{"item": at("CarePlan/of-asa")}]}
    await api.put("List/l", json={"resourceType": "List", "id": "l", "status": "current", "mode": "working", **entries})

    found = (await api.get("CarePlan?_list=l")).json()
    assert ["of-asa"] == [entry["resource"]["id"] for entry in found["entry"]]
    assert 0 == (await api.get("CarePlan?_list=none")).json()["total"]


async def test_what_is_deleted_leads_nowhere(api):
    await api.delete("Patient/zorn")

    assert 0 == (await api.get("CarePlan?subject:Patient.name=zorn")).json()["total"]
    assert 0 == (await api.get("Patient?name=zorn")).json()["total"]
