"""The CapabilityStatement is neither modest nor boastful: what it promises answers, what it does not cannot be reached."""

from itertools import product

import pytest

from fhir_server.assembly.defined import STATEMENT, refuse_boasts
from fhir_server.assembly.outside import NotStarted
from fhir_server.fhir.definitions import FOLDERS, by_canonical, read
from fhir_server.fhir.outcome import NoSuchInteraction, NotAllowed
from fhir_server.http.routes import SHAPES, Promises
from fhir_server.interactions.queries import QUERIES
from fhir_server.interactions.shelve import CONFORMANCE
from fhir_server.interactions.table import TABLE
from fhir_server.search.parameter import APART, load_parameters
from tests.builders import a_care_plan
from tests.search.reading import a_value

pytestmark = pytest.mark.anyio

(REST,) = dict(read("capability"))[STATEMENT]["rest"]
OPERATIONS = {row["url"]: row for _, row in read("capability") if row["resourceType"] == "OperationDefinition"}
NAMED = {row["url"] for row in OPERATIONS.values() if row["kind"] == "query"}
DEFINITIONS = by_canonical()
TYPES = {kind["type"]: kind for kind in REST["resource"]}
PATHS = {
    "type": "{type}",
    "type-search": "{type}/_search",
    "type-history": "{type}/_history",
    "instance": "{type}/x",
    "instance-history": "{type}/x/_history",
    "version": "{type}/x/_history/1",
}
READ_ONLY = ["read", "vread", "search-type"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def promised(type: str) -> set[tuple[str, str]]:
    codes = [interaction["code"] for interaction in TYPES[type]["interaction"]]
    conditional = {("PUT", "type")} if TYPES[type]["conditionalUpdate"] else set()
    if "patch" in codes and conditional:
        conditional.add(("PATCH", "type"))
    if TYPES[type]["conditionalDelete"] != "not-supported":
        conditional.add(("DELETE", "type"))
    return conditional | {place for code in codes for place in SHAPES[code]}


@pytest.mark.parametrize("type", TYPES)
def test_a_type_answers_what_it_promises_and_nothing_else(type):
    routes = Promises({"rest": [REST]}, DEFINITIONS)
    for method, (shape, path) in product(METHODS, PATHS.items()):
        reached = reaches(routes, method, path.format(type=type))
        assert ((method, shape) in promised(type)) == reached, (method, path)


def test_everything_that_was_built_is_promised():
    assert TABLE.keys() == Promises({"rest": [REST]}, DEFINITIONS).interactions


def test_a_promise_that_nobody_built_stops_the_start():
    definition = {"code": "foresee", "affectsState": False, "system": True}
    boast = {"rest": [{"resource": [], "operation": [{"name": "foresee", "definition": "urn:foresee"}]}]}

    with pytest.raises(NotStarted, match="foresee"):
        refuse_boasts(Promises(boast, {"urn:foresee": definition}))
    refuse_boasts(Promises({"rest": [REST]}, DEFINITIONS))


def test_the_server_answers_for_itself_what_it_promises_and_nothing_else():
    routes = Promises({"rest": [REST]}, DEFINITIONS)
    expected = {place for interaction in REST["interaction"] for place in SHAPES[interaction["code"]]}
    for method, (shape, path) in product(
        METHODS, {"system": "", "system-search": "_search", "system-history": "_history"}.items()
    ):
        assert ((method, shape) in expected) == reaches(routes, method, path), (method, path)


def test_what_stands_apart_has_no_history():
    kept = {type: kind["interaction"] for type, kind in TYPES.items() if type not in CONFORMANCE}
    silent = {type for type, interactions in kept.items() if {"code": "history-type"} not in interactions}

    assert APART == silent
    assert APART == {type for type, its in kept.items() if {"code": "history-instance"} not in its}


@pytest.mark.parametrize("type", TYPES)
def test_the_search_parameters_promised_are_those_defined(type):
    promises = {row["name"]: row["definition"] for row in TYPES[type].get("searchParam", ())}

    defined = {code: parameter.url for code, parameter in load_parameters().of(type).items()}
    assert defined == promises


async def test_every_promised_search_parameter_answers(api):
    parameters = load_parameters()
    for type, kind in TYPES.items():
        for row in kind.get("searchParam", ()):
            answer = await api.get(type, params={row["name"]: a_value(parameters.of(type)[row["name"]])})
            assert 200 == answer.status_code, (type, row["name"])


@pytest.mark.parametrize("type", sorted(CONFORMANCE))
async def test_a_type_that_definitions_fill_is_read_and_searched_and_never_written(api, type):
    defined = {one["id"] for folder in FOLDERS for _, one in read(folder) if one["resourceType"] == type}

    assert READ_ONLY == [interaction["code"] for interaction in TYPES[type]["interaction"]]
    assert not any(TYPES[type][member] for member in ("updateCreate", "conditionalCreate", "readHistory"))
    found = (await api.get(type, params={"_count": "1000"})).json()
    assert defined == {entry["resource"]["id"] for entry in found.get("entry", ())}
    for id in defined:
        assert 200 == (await api.get(f"{type}/{id}")).status_code
        assert {405} == {
            (await api.request(method, f"{type}/{id}")).status_code for method in ("PUT", "PATCH", "DELETE")
        }
    assert 405 == (await api.post(type, json={"resourceType": type})).status_code


def test_every_type_that_is_defined_is_served_but_for_parameters_which_have_no_address():
    """https://hl7.org/fhir/R4/parameters.html"""
    served = {one["resourceType"] for folder in FOLDERS for _, one in read(folder)} - {"Parameters"}

    assert served <= CONFORMANCE <= TYPES.keys()


async def test_an_id_may_be_chosen_where_update_create_is_promised(api):
    assert TYPES["CarePlan"]["updateCreate"]
    assert 201 == (await api.put("CarePlan/x", json=a_care_plan(id="x"))).status_code


def test_an_operation_answers_where_its_definition_says_and_nowhere_else():
    """Two types may each have a definition of one code."""
    routes = Promises({"rest": [REST]}, DEFINITIONS)
    codes = {one["code"] for one in OPERATIONS.values()}
    for type, code, method in product(["", *TYPES], sorted(codes), ("GET", "POST", "PUT")):
        rows = (TYPES[type] if type else REST).get("operation", ())
        promised = [
            it for row in rows if (it := DEFINITIONS[row["definition"]])["code"] == code and it["url"] not in NAMED
        ]
        assert len(promised) <= 1, (type, code)
        for path, level in ((type, "type" if type else "system"), (f"{type}/x", "instance")):
            if level == "instance" and not type:
                continue
            expected = any(
                one[level] and (method == "POST" or (method == "GET" and not one["affectsState"])) for one in promised
            )
            assert expected == reaches(routes, method, f"{path}/${code}"), (method, path, code)


def test_the_named_queries_that_are_promised_are_those_that_were_built():
    built = {(type, name) for type, queries in QUERIES.items() for name in queries}

    assert built == Promises({"rest": [REST]}, DEFINITIONS).queries
    assert {name for _, name in built} == {OPERATIONS[url]["code"] for url in NAMED}
    with pytest.raises(NotStarted, match=r"Task\?_query=theirs"):
        refuse_boasts(Promises({"rest": [a_query("theirs")]}, {"urn:theirs": {"kind": "query"}}))
    refuse_boasts(Promises({"rest": [a_query("mine")]}, {"urn:mine": {"kind": "query"}}))


def a_query(name: str):
    return {"resource": [{"type": "Task", "operation": [{"name": name, "definition": f"urn:{name}"}]}]}


def test_every_operation_that_is_defined_is_promised_somewhere():
    promised = {row["definition"] for kind in (REST, *TYPES.values()) for row in kind.get("operation", ())}

    assert OPERATIONS.keys() == promised


def reaches(routes: Promises, method: str, path: str) -> bool:
    try:
        routes.find(method, path)
    except (NoSuchInteraction, NotAllowed):
        return False
    return True
