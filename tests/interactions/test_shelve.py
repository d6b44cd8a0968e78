"""The server's own definitions, read and searched as any other resource, and nobody's to write."""

import re

import pytest

from fhir_server.access.decide import OPEN
from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import FOLDERS, BadDefinition, read
from fhir_server.fhir.instant import http_date, span
from fhir_server.fhir.outcome import NotFound
from fhir_server.interactions.shelve import CONFORMANCE, shelve
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import load_parameters
from tests.builders import a_bundle, a_care_plan, an_entry, issue_keys

pytestmark = pytest.mark.anyio

DEFINITIONS = [one for folder in FOLDERS for _, one in read(folder) if one["resourceType"] in CONFORMANCE]
STATEMENT = "CapabilityStatement/care-plan-server"
PARAMETER = "SearchParameter/clinical-patient"
EXTRACTOR = Extractor(load_parameters(), "http://127.0.0.1:8080/fhir")


def ids(answer) -> list[str]:
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


# ------------------------------------------------------------------------------------------------ read


async def test_every_definition_is_served_as_it_stands(api):
    for definition in DEFINITIONS:
        if definition["resourceType"] == "CapabilityStatement":
            continue
        answer = await api.get(f"{definition['resourceType']}/{definition['id']}")
        served = answer.json()
        meta = served["meta"]

        members = list(definition)
        place = members.index("id") + 1
        expected = {name: definition[name] for name in members[:place]} | {"meta": meta} | definition | {"meta": meta}
        assert encode(expected) == answer.content
        assert {"versionId", "lastUpdated"} == meta.keys()


async def test_a_definition_says_when_it_was_changed_and_which_version_it_is(api):
    definition = dict(read("search"))["SearchParameter-clinical-patient.json"]
    answer = await api.get(PARAMETER)
    meta = answer.json()["meta"]

    assert f'W/"{meta["versionId"]}"' == answer.headers["etag"]
    assert span(definition["date"])[0] == span(meta["lastUpdated"])[0]
    assert http_date(span(definition["date"])[0]) == answer.headers["last-modified"]
    assert 304 == (await api.get(PARAMETER, headers={"If-None-Match": answer.headers["etag"]})).status_code
    assert 200 == (await api.get(PARAMETER, headers={"If-None-Match": 'W/"1"'})).status_code


async def test_the_present_version_is_read_by_its_number_and_no_other(api):
    version = int((await api.get(PARAMETER)).json()["meta"]["versionId"])

    assert 200 == (await api.get(f"{PARAMETER}/_history/{version}")).status_code
    assert 404 == (await api.get(f"{PARAMETER}/_history/{version - 1}")).status_code


async def test_the_statement_that_is_read_is_the_one_of_metadata(api):
    served = (await api.get(STATEMENT)).json()

    assert "care-plan-server" == served["id"]
    assert {"versionId", "lastUpdated"} == served.pop("meta").keys()
    assert (await api.get("metadata")).json() == served


async def test_a_definition_that_nobody_made_is_not_found(api):
    answer = await api.get("SearchParameter/clinical-colour")

    assert 404 == answer.status_code
    assert ["not-found"] == issue_keys(answer.json())


# ------------------------------------------------------------------------------------------------ search


@pytest.mark.parametrize("type", sorted(CONFORMANCE))
async def test_a_search_finds_every_definition_of_its_type(api, type):
    expected = sorted(one["id"] for one in DEFINITIONS if one["resourceType"] == type)

    answer = await api.get(f"{type}?_count=1000")

    assert 200 == answer.status_code
    assert expected == ids(answer)
    assert len(expected) == answer.json()["total"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SearchParameter?_id=clinical-patient", ["clinical-patient"]),
        ("SearchParameter?base=CarePlan&code=category", ["CarePlan-category"]),
        ("SearchParameter?base=CarePlan,CareTeam&code=category", ["CarePlan-category", "CareTeam-category"]),
        ("SearchParameter?base=Provenance&code=patient&type=reference", ["Provenance-patient"]),
        ("SearchParameter?base=Provenance&code=patient&type=token", []),
        ("SearchParameter?version=4.0.1&base=Provenance&code=patient", ["Provenance-patient"]),
        ("SearchParameter?version=5.0.0", []),
        ("OperationDefinition?code=everything", ["everything"]),
        ("OperationDefinition?system=true", ["meta", "validate", "why"]),
        ("OperationDefinition?base=http://hl7.org/fhir/OperationDefinition/Patient-everything", ["everything"]),
        ("CompartmentDefinition?resource=Task&status=active", ["patient-anchor"]),
        ("CapabilityStatement?resource=CarePlan&status=active", ["care-plan-server"]),
        ("CapabilityStatement?resource=CarePlan&status=draft", []),
        ("CapabilityStatement?date=ge2026&_lastUpdated=ge2026", ["care-plan-server"]),
        ("CapabilityStatement?_lastUpdated=lt2026", []),
        ("OperationDefinition?_sort=-code&_count=2", ["write-sip", "worklist"]),
    ],
)
async def test_a_definition_is_found_by_what_it_says(api, query, found):
    assert found == ids(await api.get(query))


async def test_the_pages_of_a_search_hold_each_definition_once(api):
    found, address = [], "SearchParameter?_count=7&_sort=-code"
    while address:
        answer = await api.get(address)
        found += ids(answer)
        address = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)

    assert sorted(one["id"] for one in DEFINITIONS if one["resourceType"] == "SearchParameter") == sorted(found)


async def test_a_part_of_a_definition_is_tagged_as_one(api):
    (entry,) = (await api.get("SearchParameter?_id=clinical-patient&_elements=code")).json()["entry"]

    assert "SUBSETTED" == entry["resource"]["meta"]["tag"][0]["code"]
    assert "xpath" not in entry["resource"]
    assert {"total"} == {"total", "entry"} & (await api.get("SearchParameter?_summary=count")).json().keys()


async def test_what_is_not_promised_of_definitions_is_refused(api):
    answer = await api.get("SearchParameter?colour=red")

    assert 400 == answer.status_code
    assert ["unknown-parameter"] == issue_keys(answer.json())


# ------------------------------------------------------------------------------------------------ never written


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", PARAMETER, "GET, HEAD"),
        ("PATCH", PARAMETER, "GET, HEAD"),
        ("DELETE", PARAMETER, "GET, HEAD"),
        ("PUT", "SearchParameter?code=patient", "GET, HEAD"),
        ("DELETE", "SearchParameter?code=patient", "GET, HEAD"),
        ("POST", "SearchParameter", "GET, HEAD"),
        ("PUT", STATEMENT, "GET, HEAD"),
        ("DELETE", "ValueSet/x", "GET, HEAD"),
    ],
)
async def test_nobody_writes_a_definition(api, method, path, allowed):
    before = (await api.get(PARAMETER)).content
    answer = await api.request(method, path, json={"resourceType": "SearchParameter", "id": "clinical-patient"})

    assert 405 == answer.status_code
    assert allowed == answer.headers["allow"]
    assert before == (await api.get(PARAMETER)).content


async def test_nor_does_an_entry_of_a_transaction(api):
    entries = [
        an_entry("PUT", "CarePlan/sip", a_care_plan(id="sip")),
        an_entry("DELETE", PARAMETER),
    ]

    assert 405 == (await api.post("", json=a_bundle(*entries))).status_code
    assert 404 == (await api.get("CarePlan/sip")).status_code
    assert 200 == (await api.post("", json=a_bundle(entries[0], an_entry("GET", PARAMETER)))).status_code


# ------------------------------------------------------------------------------------------------ beside what is stored


async def test_a_read_of_a_definition_leaves_its_entry_and_names_no_patient(api, assembly):
    version = int((await api.get(PARAMETER)).json()["meta"]["versionId"])
    await api.get("OperationDefinition")

    rows = await assembly.server.store.entries(OPEN)
    assert [
        ("read", 200, "SearchParameter", "clinical-patient", version, ""),
        ("search-type", 200, "OperationDefinition", "", 0, ""),
    ] == [(row.interaction, row.status, row.type, row.id, row.version, row.patient) for _, row in rows]


async def test_a_transaction_may_refer_to_a_definition_by_what_it_matches(api):
    def a_list(reference: str) -> dict:
        return {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "entry": [{"item": {"reference": reference}}],
        }

    one = await api.post(
        "", json=a_bundle(an_entry("POST", "List", a_list("SearchParameter?base=Provenance&code=patient")))
    )
    none = await api.post("", json=a_bundle(an_entry("POST", "List", a_list("SearchParameter?base=Colour"))))

    assert 200 == one.status_code
    stored = (await api.get("List")).json()["entry"][0]["resource"]
    assert "SearchParameter/Provenance-patient" == stored["entry"][0]["item"]["reference"]
    assert (422, ["reference-unresolved"]) == (none.status_code, issue_keys(none.json()))


# ------------------------------------------------------------------------------------------------ what is refused


def a_definition(**members):
    return {"resourceType": "ValueSet", "id": "x", "status": "active", "date": "2026-11-21", **members}


def shelved(*definitions):
    return shelve(definitions, EXTRACTOR)


NAME = "profiles/ValueSet-x.json"


async def test_a_sound_definition_is_taken():
    assert b"2026-11-21T00:00:00" in (await shelved((NAME, a_definition())).read("ValueSet", "x", OPEN)).text


@pytest.mark.parametrize(
    ("definitions", "why"),
    [
        ([(NAME, a_definition(id="y"))], "profiles/ValueSet-x.json: .* ValueSet-y.json"),
        ([(NAME, a_definition(resourceType="CodeSystem"))], "CodeSystem-x.json"),
        ([("security/x.json", {"resourceType": "Basic", "id": "x"})], "Basic-x.json"),
        ([(NAME, {"resourceType": "ValueSet", "date": "2026"})], "ValueSet-None.json"),
        ([(NAME, {"resourceType": "ValueSet", "id": "x"})], "date is missing"),
        ([(NAME, a_definition(date="yesterday"))], "date is missing"),
        ([(NAME, a_definition()), ("search/ValueSet-x.json", a_definition())], "ValueSet-x.json stands in two folders"),
    ],
)
def test_a_definition_that_cannot_be_served_stops_the_start_and_is_named(definitions, why):
    with pytest.raises(BadDefinition, match=why):
        shelved(*definitions)


async def test_what_is_no_definition_is_passed_over():
    other = {"resourceType": "Basic", "id": "x"}
    shelf = shelved(("search/indexes.json", {"indexes": []}), ("profiles/Basic-x.json", other), (NAME, a_definition()))

    assert "x" == (await shelf.read("ValueSet", "x", OPEN)).id
    with pytest.raises(NotFound):
        await shelf.read("Basic", "x", OPEN)


async def test_a_definition_that_changed_has_another_version_though_its_date_is_the_same():
    versions = {
        (await shelved((NAME, a_definition(**members))).read("ValueSet", "x", OPEN)).version
        for members in ({}, {}, {"status": "draft"}, {"title": "x"})
    }

    assert 3 == len(versions)
    assert all(re.fullmatch("[1-9][0-9]{0,8}", str(version)) for version in versions)
