"""https://hl7.org/fhir/R4/http.html#search: several types at once, and compartments"""

import pytest

from tests.builders import a_bundle, a_care_plan, a_patient, an_entry

pytestmark = pytest.mark.anyio

TAG = {"system": "urn:test", "code": "x"}


def a_goal(id, patient="p1", **members):
    return {
        "resourceType": "Goal",
        "id": id,
        "lifecycleStatus": "active",
        "description": {"text": "Bo kvar"},
        "subject": {"reference": f"Patient/{patient}"},
        **members,
    }


@pytest.fixture(autouse=True)
async def kept(api):
    made = [
        ("Patient/p1", a_patient(id="p1", meta={"tag": [TAG]})),
        ("CarePlan/a", a_care_plan(id="a", meta={"tag": [TAG]})),
        ("CarePlan/b", a_care_plan(id="b")),
        ("CarePlan/c", a_care_plan(id="c", subject={"reference": "Patient/p2"})),
        ("Goal/a", a_goal("a", meta={"tag": [TAG]})),
        ("Goal/b", a_goal("b", patient="p2")),
    ]
    last = ""
    for place, resource in made:  # each its own moment
        while (now := (await api.put(place, json=resource)).json()["meta"]["lastUpdated"]) == last:
            pass
        last = now


async def places(api, asked):
    found, address = [], asked
    while address:
        bundle = (await api.get(address)).json()
        found += [f"{it['resource']['resourceType']}/{it['resource']['id']}" for it in bundle.get("entry", ())]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return found


@pytest.mark.parametrize("count", ["", "&_count=1", "&_count=2", "&_count=3"])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("?_tag=x", "CarePlan/a Goal/a Patient/p1"),
        ("?_type=Goal,CarePlan", "CarePlan/a CarePlan/b CarePlan/c Goal/a Goal/b"),
        ("?_type=Goal,CarePlan&_id=a", "CarePlan/a Goal/a"),
        (
            "?_type=Goal,CarePlan,Patient&_sort=_lastUpdated",
            "Patient/p1 CarePlan/a CarePlan/b CarePlan/c Goal/a Goal/b",
        ),
        (
            "?_type=Goal,CarePlan,Patient&_sort=-_lastUpdated",
            "Goal/b Goal/a CarePlan/c CarePlan/b CarePlan/a Patient/p1",
        ),
        ("?_type=Goal,CarePlan&_sort=-_id", "CarePlan/c CarePlan/b Goal/b CarePlan/a Goal/a"),
        ("?_type=Goal,CarePlan&patient=p2", "CarePlan/c Goal/b"),
        ("Patient/p1/*?_type=CarePlan,Goal,Patient", "CarePlan/a CarePlan/b Goal/a Patient/p1"),
        ("Patient/p1/*?_tag=x", "CarePlan/a Goal/a Patient/p1"),
        ("Patient/p1/CarePlan?_id=a,c", "CarePlan/a"),
        ("Patient/p2/CarePlan?", "CarePlan/c"),
        ("Patient/none/CarePlan?", ""),
    ],
)
async def test_all_types_are_searched_as_one_page_by_page(api, asked, expected, count):
    assert expected.split() == await places(api, asked + count)


async def test_the_total_is_that_of_all_types(api):
    bundle = (await api.get("?_type=Goal,CarePlan&_count=1")).json()

    assert 5 == bundle["total"]
    assert bundle["link"][0]["url"].endswith("?_type=Goal,CarePlan&_count=1")
    assert 5 == (await api.get("?_type=Goal,CarePlan&_summary=count")).json()["total"]


async def test_a_search_may_be_posted_as_a_form(api):
    form = {"_type": "Goal,CarePlan", "_id": "a"}
    for address, expected in (("_search", 2), ("Patient/p1/*/_search", 2), ("Patient/p1/CarePlan/_search", 1)):
        asked = {
            key: value for key, value in form.items() if key == "_id" or not address.startswith("Patient/p1/CarePlan")
        }
        assert expected == (await api.post(address, data=asked)).json()["total"], address


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("?_type=Colour", 400),
        ("?_type=CarePlan,Goal&activity-code=SIP", 400),
        ("?_type=CarePlan,Goal&_sort=status", 400),
        ("?colour=red", 400),
        ("Patient/p1/Organization", 404),
        ("Patient/p1/Colour", 404),
        ("Organization/p1/CarePlan", 404),
        ("Patient/p1/CarePlan/x", 404),
    ],
)
async def test_what_cannot_be_searched_so_is_refused(api, asked, status):
    assert status == (await api.get(asked)).status_code


@pytest.mark.parametrize(
    ("owner", "id", "type", "member"),
    [
        ("Practitioner", "s1", "Communication", {"sender": {"reference": "Practitioner/s1"}}),
        ("Encounter", "e1", "Communication", {"encounter": {"reference": "Encounter/e1"}}),
        ("RelatedPerson", "n1", "Communication", {"sender": {"reference": "RelatedPerson/n1"}}),
        ("Device", "d1", "Communication", {"sender": {"reference": "Device/d1"}}),
        ("Patient", "p1", "Communication", {"subject": {"reference": "Patient/p1"}}),
    ],
)
async def test_each_of_the_five_compartments_has_what_leads_there(api, owner, id, type, member):
    await api.put(f"{type}/in", json={"resourceType": type, "id": "in", "status": "completed", **member})
    await api.put(f"{type}/out", json={"resourceType": type, "id": "out", "status": "completed"})

    assert [f"{type}/in"] == await places(api, f"{owner}/{id}/{type}")


async def test_a_transaction_searches_a_compartment_too(api):
    answer = await api.post("", json=a_bundle(an_entry("GET", "Patient/p1/CarePlan?_id=a")))

    assert 1 == answer.json()["entry"][0]["resource"]["total"]
