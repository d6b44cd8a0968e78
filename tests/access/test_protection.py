"""The table of protected identity: what it names is there, and it says for whom it holds."""

import pytest

from fhir_server.access.anchor import load_anchors
from fhir_server.access.protection import FILE, load_protection, protection_of
from fhir_server.access.standing import Standing
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.mask import Mask
from fhir_server.search.parameter import WORDED, load_parameters

TABLE = dict(read("security"))[FILE]
PROTECTION = load_protection()
LABEL = {"system": "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"}


@pytest.mark.parametrize("code", ["sekretessmarkering", "skyddadFolkbokforing"])
def test_both_labels_of_hl7_sweden_protect(code):
    assert PROTECTION.labelled({"meta": {"security": [{**LABEL, "code": code}]}})
    assert not PROTECTION.labelled({"meta": {"security": [{"system": "urn:t", "code": code}]}})
    assert not PROTECTION.labelled({})


@pytest.mark.parametrize(
    ("standing", "spared"),
    [
        (Standing("system"), True),
        (Standing("staff", frozenset({"protected-identity"})), True),
        (Standing("staff", frozenset({"administrator", "log-reviewer"})), False),
        (Standing("staff"), False),
        (Standing("citizen", frozenset({"protected-identity"})), False),
        (Standing("nobody"), False),
    ],
    ids=["system", "flagged", "others", "staff", "citizen", "nobody"],
)
def test_few_see_all(standing, spared):
    assert spared is PROTECTION.spares(standing)


def test_each_row_says_why_and_by_what_right():
    for row in TABLE["parameter"]:
        told = {part["name"]: part for part in row["part"]}
        assert told["reason"]["valueString"]
        assert told["source"]["valueString"]


def test_each_parameter_that_is_veiled_is_one_of_its_type():
    known = load_parameters()
    for row in PROTECTION.veil.rows:
        assert row.parameters <= known.of(row.type).keys() | WORDED
        assert {row.unless} <= known.of(row.type).keys() | {""}


def test_a_plan_costs_no_look_up():
    assert not PROTECTION.speaks_of("CarePlan", b'{"resourceType":"CarePlan"}')
    assert PROTECTION.speaks_of("CarePlan", b'{"resourceType":"CarePlan","contained":[]}')
    assert PROTECTION.speaks_of("CarePlan", b'{"activity":[{"detail":{"location":{}}}]}')
    assert PROTECTION.speaks_of("Task", b'{"resourceType":"Task",', b'"location":{}}')
    assert not PROTECTION.speaks_of("Task", b'{"resourceType":"Task",', b'"status":"draft"}')


def test_a_name_is_masked_for_who_is_not_related():
    name = Mask(("name",))
    assert name in PROTECTION.of(related=False)["Patient"]
    assert name not in PROTECTION.of(related=True)["Patient"]
    assert Mask(("address",)) in PROTECTION.of(related=True)["Patient"]


def a_row(name: str, **parts: str) -> dict:
    told = [{"name": part, "valueCode": value} for part, value in parts.items()]
    return {"parameter": [{"name": name, "part": told}]}


@pytest.mark.parametrize(
    "row",
    [
        a_row("sees", caller="stranger"),
        a_row("mask", on="Patiant", element="address"),
        a_row("mask", on="Patient", element="adress"),
        a_row("mask", on="Patient", element="address", unless="friend"),
    ],
    ids=["caller", "type", "element", "unless"],
)
def test_a_row_that_names_what_nobody_knows_is_refused(row):
    with pytest.raises(BadDefinition):
        protection_of(row, load_anchors())


def test_its_twin_is_not():
    assert protection_of(a_row("mask", on="Patient", element="address", unless="related"), load_anchors())
