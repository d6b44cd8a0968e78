"""https://hl7.org/fhir/R4/terminology-service.html: what a form is built from"""

import pytest

from fhir_server.fhir.definitions import read

pytestmark = pytest.mark.anyio

OURS = "https://fhir-care-plan-server.example"
MEANS = f"{OURS}/ValueSet/means"
MESSAGE = f"{OURS}/CodeSystem/message"
STATUS = "http://hl7.org/fhir/ValueSet/request-status"
PLAN_TYPE = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
VALUE_SETS = [one for name, one in read("profiles") if name.startswith("ValueSet-")]


async def expanded(api, path="ValueSet/$expand", **asked):
    answer = await api.get(path, params=asked)
    assert 200 == answer.status_code, answer.text
    return answer.json()["expansion"]


def rows(answer):
    assert 200 == answer.status_code, answer.text
    return [
        (row["name"], next((row[name] for name in row if name.startswith("value")), None))
        for row in answer.json()["parameter"]
    ]


def keys(answer):
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


# ------------------------------------------------------------------------------------------------ $expand


@pytest.mark.parametrize("value_set", VALUE_SETS, ids=lambda one: one["id"])
async def test_every_value_set_that_is_shipped_is_listed_with_its_words(api, value_set):
    listed = (await expanded(api, url=value_set["url"]))["contains"]

    assert listed
    assert all(row["display"] for row in listed)
    assert listed == (await expanded(api, f"ValueSet/{value_set['id']}/$expand"))["contains"]


async def test_a_value_set_is_listed_in_the_order_of_its_code_system(api):
    found = await expanded(api, url=MEANS)

    assert ["digitally", "in-writing", "orally"] == [row["code"] for row in found["contains"]]
    assert ["Digitalt", "Skriftligt", "Muntligt"] == [row["display"] for row in found["contains"]]
    assert 3 == found["total"]


async def test_the_words_are_told_in_the_language_asked_for(api):
    found = await expanded(api, url=MEANS, displayLanguage="en-GB", includeDesignations="true")

    assert ["Digitally", "In writing", "Orally"] == [row["display"] for row in found["contains"]]
    assert [{"language": "en", "value": "Orally"}] == found["contains"][2]["designation"]
    assert {"displayLanguage", "includeDesignations"} == {row["name"] for row in found["parameter"]}


@pytest.mark.parametrize(("words", "codes"), [("munt", ["orally"]), ("WRIT", ["in-writing"]), ("nobody says so", [])])
async def test_a_filter_keeps_the_codes_in_whose_words_it_stands(api, words, codes):
    assert codes == [row["code"] for row in (await expanded(api, url=MEANS, filter=words)).get("contains", ())]


async def test_an_expansion_is_shown_in_parts(api):
    found = await expanded(api, url=MEANS, offset=1, count=1)

    assert (3, 1, ["in-writing"]) == (found["total"], found["offset"], [row["code"] for row in found["contains"]])
    assert "contains" not in await expanded(api, url=MEANS, count=0)


async def test_r4s_own_required_value_sets_are_listed_too(api):
    listed = (await expanded(api, url=STATUS))["contains"]

    assert "active" in [row["code"] for row in listed]
    assert {"http://hl7.org/fhir/request-status"} == {row["system"] for row in listed}


@pytest.mark.parametrize("name", ["count", "offset"])
@pytest.mark.parametrize("value", ["-1", "many", "9999999999", "1.5"])
async def test_a_number_that_is_none_is_refused_and_named(api, name, value):
    refused = await api.get("ValueSet/$expand", params={"url": MEANS, name: value})

    assert (400, ["parameter-value"]) == (refused.status_code, keys(refused))
    assert name in refused.json()["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    ("asked", "status", "key"),
    [
        ({}, 400, "parameter-missing"),
        ({"url": "urn:nobody"}, 404, "unknown-definition"),
        ({"url": "http://hl7.org/fhir/ValueSet/all-languages"}, 404, "unknown-definition"),
        ({"url": "http://hl7.org/fhir/ValueSet/ucum-units"}, 422, "value-set-not-listed"),
        ({"url": MEANS, "includeDesignations": "perhaps"}, 400, "parameter-value"),
    ],
)
async def test_a_value_set_that_cannot_be_listed_is_refused_with_the_reason(api, asked, status, key):
    refused = await api.get("ValueSet/$expand", params=asked)

    assert (status, [key]) == (refused.status_code, keys(refused))


async def test_a_value_set_that_is_not_here_has_no_expansion(api):
    assert 404 == (await api.get("ValueSet/nobody/$expand")).status_code


# ------------------------------------------------------------------------------------------------ $validate-code


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ({"code": "orally"}, True),
        ({"code": "orally", "system": f"{OURS}/CodeSystem/means"}, True),
        ({"code": "orally", "system": "urn:other"}, False),
        ({"code": "sung"}, False),
        ({"code": "orally", "display": "muntligt"}, True),
        ({"code": "orally", "display": "Orally"}, True),
        ({"code": "orally", "display": "Skriftligt"}, False),
    ],
)
async def test_a_code_is_one_of_a_value_set_or_is_not(api, asked, result):
    told = dict(rows(await api.get("ValueSet/$validate-code", params={"url": MEANS, **asked})))

    assert result == told["result"]
    assert result == ("message" not in told)
    assert told.get("display") in ({"Muntligt"} if result else {None, "Muntligt"})


async def test_of_a_concept_any_coding_will_do(api):
    concept = {"coding": [{"system": "urn:x", "code": "y"}, {"system": f"{OURS}/CodeSystem/means", "code": "orally"}]}
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "url", "valueUri": MEANS}, {"name": "codeableConcept", "valueCodeableConcept": concept}],
    }

    assert ("result", True) in rows(await api.post("ValueSet/$validate-code", json=body))
    concept["coding"].pop()
    assert ("result", False) in rows(await api.post("ValueSet/means/$validate-code", json=body))


@pytest.mark.parametrize("path", ["ValueSet/means/$validate-code", "CodeSystem/$lookup", "ConceptMap/$translate"])
async def test_an_operation_about_a_code_wants_one(api, path):
    refused = await api.get(path)

    assert (400, ["parameter-missing"]) == (refused.status_code, keys(refused))
    assert "codeableConcept" in refused.json()["issue"][0]["details"]["text"]


# ------------------------------------------------------------------------------------------------ $lookup


async def test_a_code_is_looked_up_with_its_words_and_properties(api):
    answer = await api.get("CodeSystem/$lookup", params={"system": MESSAGE, "code": "utskrivningsklar"})

    told = dict(rows(answer))
    assert "Underrättelse om utskrivningsklar" == told["display"]
    assert "Messages of the process" == told["name"]
    parts = [
        {part["name"]: part for part in row["part"]} for row in answer.json()["parameter"] if row["name"] == "property"
    ]
    properties = {one["code"]["valueCode"]: one["value"] for one in parts}
    assert properties["statute"]["valueString"].startswith("3 kap. 1 §")
    assert properties["acknowledged"]["valueBoolean"]
    assert "physician" in properties["definition"]["valueString"]


async def test_the_words_of_a_code_are_told_in_english(api):
    asked = {"system": MESSAGE, "code": "utskrivningsklar", "displayLanguage": "en"}

    assert ("display", "Notice of discharge-ready") in rows(await api.get("CodeSystem/$lookup", params=asked))


@pytest.mark.parametrize("asked", [{"system": MESSAGE, "code": "x"}, {"system": "urn:x", "code": "utskrivningsklar"}])
async def test_a_code_that_is_not_here_is_not_found(api, asked):
    refused = await api.get("CodeSystem/$lookup", params=asked)

    assert (404, ["unknown-code"]) == (refused.status_code, keys(refused))


# ------------------------------------------------------------------------------------------------ $translate


def matches(answer):
    found = [
        {part["name"]: part for part in row["part"]} for row in answer.json()["parameter"] if row["name"] == "match"
    ]
    return [(one["equivalence"]["valueCode"], one["concept"]["valueCoding"]["code"]) for one in found]


async def test_the_kind_of_a_plan_is_told_in_snomed_and_in_riv(api):
    answer = await api.get("ConceptMap/$translate", params={"system": PLAN_TYPE, "code": "RP"})

    assert ("result", True) in rows(answer)
    assert {("equal", "RP"), ("equivalent", "736055001")} == set(matches(answer))


@pytest.mark.parametrize("path", ["ConceptMap/plan-type-snomed/$translate", "ConceptMap/$translate"])
async def test_a_translation_is_asked_of_one_system(api, path):
    asked = {"system": PLAN_TYPE, "code": "SIP", "targetsystem": "http://snomed.info/sct"}

    assert [("wider", "734163000")] == matches(await api.get(path, params=asked))


async def test_the_words_of_every_folder_are_known(api):
    looked_up = {"system": f"{OURS}/CodeSystem/caller", "code": "employee"}
    claim = {"system": "https://www.rfc-editor.org/rfc/rfc7519#section-4", "code": "employeeHsaId"}

    assert ("display", "Employee") in rows(await api.get("CodeSystem/$lookup", params=looked_up))
    assert ("result", True) in rows(await api.get("ConceptMap/claims-inera/$translate", params=claim))


async def test_what_no_map_has_is_told_to_be_without_translation(api):
    answer = await api.get("ConceptMap/$translate", params={"system": PLAN_TYPE, "code": "nothing"})

    assert ("result", False) in rows(answer)
    assert [] == matches(answer)
    assert 404 == (await api.get("ConceptMap/$translate", params={"url": "urn:x", "code": "SIP"})).status_code
