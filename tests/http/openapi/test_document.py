"""The OpenAPI document says what the CapabilityStatement says: every place that it promises, and no other."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from fhir_server.assembly.defined import STATEMENT
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import by_canonical, read
from fhir_server.fhir.outcome import NoSuchInteraction, NotAllowed
from fhir_server.http.openapi.document import describe
from fhir_server.http.openapi.interaction import INTERACTIONS
from fhir_server.http.openapi.place import PATHS, SERVER
from fhir_server.http.routes import SHAPES, Promises
from tests.builders import a_care_plan, a_patient

pytestmark = pytest.mark.anyio

BASE = "http://127.0.0.1:8080/fhir"
STATED = dict(read("capability"))[STATEMENT] | {"software": {"name": "x", "version": "1.2.3"}}
DEFINITIONS = by_canonical()
DOCUMENT = describe(STATED, DEFINITIONS, BASE)
ROUTES = Promises(STATED, DEFINITIONS)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPERATIONS = [
    (path, method.upper(), operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


def filled(path: str) -> str:
    return path.replace("{compartment}", "Patient").replace("{id}", "x").replace("{version}", "1")


def test_a_compartment_is_of_those_types_that_may_have_it():
    def owners(path: str) -> list[str]:
        (row,) = (row for row in DOCUMENT["paths"][path]["parameters"] if row.get("name") == "compartment")
        return row["schema"]["enum"]

    assert {"Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"} == set(owners("/{compartment}/{id}/*"))
    assert {"Patient", "Encounter", "RelatedPerson", "Practitioner"} == set(owners("/{compartment}/{id}/CareTeam"))
    assert {"Patient", "Practitioner", "Encounter"} == set(owners("/{compartment}/{id}/Encounter")) - {"RelatedPerson"}
    assert "/{compartment}/{id}/ValueSet" not in DOCUMENT["paths"]


def of_types(*types: str, **members: Any) -> dict[str, Any]:
    """The statement about these types alone; `members` are of the server as a whole."""
    (rest,) = STATED["rest"]
    kept = [kind for kind in rest["resource"] if kind["type"] in types]
    return STATED | {"rest": [rest | members | {"resource": kept}]}


def everything_in(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everything_in(inner)


def test_it_is_valid_openapi_of_a_few_types():
    OpenAPIV31SpecValidator(decode(encode(describe(of_types("Patient", "ValueSet"), DEFINITIONS, BASE)))).validate()


def test_what_searches_the_whole_server_takes_what_all_types_have():
    (row,) = (row for row in STATED["rest"][0]["resource"][0]["searchParam"] if row["name"] == "_lastUpdated")
    interactions = [{"code": "search-system"}, {"code": "history-system"}]
    searching = describe(of_types("Patient", interaction=interactions, searchParam=[row]), DEFINITIONS, BASE)

    OpenAPIV31SpecValidator(decode(encode(searching))).validate()
    assert {"$ref": f"#/components/parameters/{SERVER}._lastUpdated"} in searching["paths"]["/"]["get"]["parameters"]
    assert "post" in searching["paths"]["/_search"]
    assert "get" in searching["paths"]["/_history"]


@pytest.mark.slow
def test_it_is_valid_openapi():
    OpenAPIV31SpecValidator(decode(encode(DOCUMENT))).validate()


def test_it_says_whose_it_is_and_where():
    assert "3.1.0" == DOCUMENT["openapi"]
    assert "1.2.3" == DOCUMENT["info"]["version"]
    assert [BASE] == [server["url"] for server in DOCUMENT["servers"]]


# ------------------------------------------------------------------------------------------------ every place, no other


def test_what_it_names_is_promised():
    for path, method, operation in OPERATIONS:
        reached = ROUTES.find(method, filled(path))

        assert reached.interaction in operation["x-fhir-interaction"], (method, path)
        assert [reached.type or SERVER] == operation["tags"], (method, path)


def test_what_is_promised_it_names():
    types = sorted(ROUTES.types)
    shapes = [path.format(type=type) for type in [*types, "*"] for path in PATHS.values()]
    codes = {one["code"] for one in DEFINITIONS.values() if one["resourceType"] == "OperationDefinition"}
    asked = [f"/{type}{id}/${code}" for type, id, code in product(types, ("", "/{id}"), codes)] + [
        f"/${code}" for code in codes
    ]

    named = {(path, method) for path, method, _ in OPERATIONS}
    reached = {(path, method) for path, method in product({*shapes, *asked}, METHODS) if reaches(method, filled(path))}
    assert reached == named


def reaches(method: str, path: str) -> bool:
    try:
        ROUTES.find(method, path)
    except (NoSuchInteraction, NotAllowed):
        return False
    return True


def test_every_interaction_that_can_be_promised_has_its_words_and_its_place():
    assert SHAPES.keys() <= INTERACTIONS.keys()
    assert {shape for places in SHAPES.values() for _, shape in places} <= PATHS.keys()


def test_a_place_where_the_body_chooses_names_both():
    assert {"batch", "transaction"} == set(DOCUMENT["paths"]["/"]["post"]["x-fhir-interaction"])


def test_no_two_places_have_one_name():
    names = [operation["operationId"] for *_, operation in OPERATIONS]

    assert len(set(names)) == len(names)


def test_all_that_it_points_to_is_there_and_all_that_is_there_is_pointed_to():
    pointed = {value["$ref"] for value in everything_in(DOCUMENT) if isinstance(value, dict) and "$ref" in value}
    there = {f"#/components/{kind}/{name}" for kind, rows in DOCUMENT["components"].items() for name in rows}

    assert set() == pointed - there
    assert set() == {place for place in there - pointed if "/schemas/" not in place}


# ------------------------------------------------------------------------------------------------ what is asked and answered


def parameters(path: str, method: str) -> dict[str, dict[str, Any]]:
    item = DOCUMENT["paths"][path]
    rows = [*item["parameters"], *item[method]["parameters"]]
    shared = DOCUMENT["components"]["parameters"]
    found = [shared[row["$ref"].rpartition("/")[2]] if "$ref" in row else row for row in rows]
    assert len({(row["name"], row["in"]) for row in found}) == len(found)
    return {row["name"]: row for row in found}


@pytest.mark.parametrize("kind", STATED["rest"][0]["resource"], ids=lambda kind: kind["type"])
def test_a_search_takes_what_the_statement_says(kind):
    promised = {row["name"] for row in kind["searchParam"]}
    result = {"_sort", "_count", "_total", "_summary", "_elements", "_format", "_pretty"}

    taken = {name for name, row in parameters(f"/{kind['type']}", "get").items() if row["in"] == "query"}
    assert promised | result == taken
    form = DOCUMENT["paths"][f"/{kind['type']}/_search"]["post"]["requestBody"]["content"]
    assert taken - {"_format", "_pretty"} == form["application/x-www-form-urlencoded"]["schema"]["properties"].keys()


def test_a_parameter_is_described_as_it_is_meant_for_its_type_and_leads_to_its_definition():
    patient = parameters("/CarePlan", "get")["patient"]

    assert patient["description"].startswith("Who the care plan is for (reference: ")
    assert f"{BASE}/SearchParameter/clinical-patient" == patient["x-fhir-definition"]
    assert parameters("/Goal", "get")["patient"]["description"].startswith("Who this goal is intended for")


@pytest.mark.parametrize(
    ("path", "method", "taken", "not_taken"),
    [
        ("/CarePlan/{id}", "get", "If-None-Match", "If-Match"),
        ("/CarePlan/{id}", "put", "If-Match", "status"),
        ("/CarePlan", "put", "status", "_count"),
        ("/CarePlan", "delete", "status", "_count"),
        ("/CarePlan", "post", "If-None-Exist", "status"),
        ("/CarePlan/{id}/_history", "get", "_since", "status"),
        ("/CarePlan/{id}/_history/{version}", "get", "version", "_since"),
        ("/Patient/{id}/$everything", "get", "_type", "status"),
        ("/Patient/{id}/$everything", "post", "id", "_type"),
        ("/CarePlan/{id}/$meta-add", "post", "If-Match", "If-None-Match"),
        ("/metadata", "get", "_pretty", "_summary"),
    ],
)
def test_a_place_takes_what_belongs_there(path, method, taken, not_taken):
    found = parameters(path, method)

    assert taken in found
    assert not_taken not in found


def test_an_operation_is_described_by_its_definition():
    posted = DOCUMENT["paths"]["/CarePlan/{id}/$meta-add"]["post"]
    definition = DEFINITIONS["https://fhir-care-plan-server.example/OperationDefinition/meta-add"]

    assert definition["description"] == posted["summary"]
    assert definition["parameter"][0]["documentation"] in posted["requestBody"]["description"]
    shown = DOCUMENT["paths"]["/Patient/{id}/$everything"]["get"]["responses"]["200"]["content"]
    assert {"$ref": "#/components/schemas/Bundle"} == shown["application/fhir+json"]["schema"]


def test_a_parameter_with_parts_is_described_with_each_of_them():
    told = DOCUMENT["paths"]["/Encounter/{id}/$notify-admission"]["post"]["requestBody"]["description"]
    definition = DEFINITIONS["https://fhir-care-plan-server.example/OperationDefinition/notify-admission"]
    (late,) = [one for one in definition["parameter"] if "part" in one]

    assert f"`late` (parts, 0..1): {late['documentation']}" in told
    for part in late["part"]:
        assert f"`late.{part['name']}` ({part['type']}, 1..1): {part['documentation']}" in told


def test_every_body_and_answer_is_of_a_media_type_that_the_server_speaks():
    spoken = {"application/fhir+json", "application/x-www-form-urlencoded", *STATED["patchFormat"]}

    for path, _, operation in OPERATIONS:
        bodies = set(operation.get("requestBody", {}).get("content", {}))
        assert bodies <= spoken | ({"text/plain"} if path.endswith("/$write-sip") else set()), path
        assert "default" in operation["responses"]
        for status, answer in operation["responses"].items():
            shows = status in {"200", "201"} or "$ref" in answer
            assert shows == ("content" in answer or "$ref" in answer), (path, status)


# ------------------------------------------------------------------------------------------------ what is called answers so


BODIES = {
    "Patient": a_patient(id="x"),
    "CarePlan": a_care_plan(id="x"),
    SERVER: {"resourceType": "Bundle", "type": "batch"},
}


@pytest.fixture
async def stored(api):
    for type in ("Patient", "CarePlan"):
        assert 201 == (await api.put(f"{type}/x", json=BODIES[type])).status_code


@pytest.mark.parametrize("type", [SERVER, "Patient", "CarePlan", "SearchParameter", "ValueSet"])
@pytest.mark.parametrize("sent", ["sound", "stale", "broken"])
async def test_what_is_called_answers_as_it_is_told(api, stored, type, sent):
    body, headers = {
        "sound": (BODIES.get(type, {}), {}),
        "stale": (BODIES.get(type, {}), {"If-Match": 'W/"9"'}),
        "broken": ({"resourceType": type, "colour": "red"}, {"Accept": "text/plain" if type == "ValueSet" else "*/*"}),
    }[sent]
    for path, method, operation in OPERATIONS:
        if operation["tags"] == [type]:
            asks = {"json": body} if method in {"PUT", "PATCH"} or (method == "POST" and "_search" not in path) else {}
            media = {"Content-Type": "application/merge-patch+json"} if (sent, method) == ("sound", "PATCH") else {}
            answer = await api.request(method, filled(path).lstrip("/"), headers=headers | media, **asks)

            told = operation["responses"].keys() - {"default"}
            assert str(answer.status_code) in told, (method, path, answer.text)
            if answer.is_error:
                assert "OperationOutcome" == answer.json()["resourceType"]
