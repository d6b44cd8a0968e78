"""The tables of R4: they say what HL7's package says, and the file that holds them can be made again, byte for byte."""

import importlib.util
import os
from pathlib import Path

import pytest

from fhir_server.fhir.definitions import Element, json_name, r4, read, root

ROOT = Path(__file__).parents[2]
PACKAGE = "R4_PACKAGE"


def test_r4_has_its_hundred_and_forty_six_resource_types() -> None:
    assert 146 == len(r4().resource_types)
    assert {"CarePlan", "Bundle", "Binary", "Parameters", "ValueSet"} <= r4().resource_types
    assert not {"Resource", "DomainResource", "Period"} & r4().resource_types


def test_elements_stand_in_the_order_of_the_spec_with_the_inherited_ones_first() -> None:
    inherited = ["id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"]
    assert [*inherited, "identifier", "instantiatesCanonical"] == list(r4().elements("CarePlan"))[:10]
    assert ["id", "extension", "modifierExtension", "outcomeCodeableConcept"] == list(
        r4().elements("CarePlan.activity")
    )[:4]
    assert ["id", "extension", "value", "comparator"] == list(r4().elements("Age"))[:4]


def test_an_element_says_all_that_its_table_says() -> None:
    assert (
        Element("status", ("code",), 1, False, False, (), "http://hl7.org/fhir/ValueSet/request-status", True, True, ())
        == (r4().elements("CarePlan")["status"])
    )
    subject = r4().elements("CarePlan")["subject"]
    assert (("Reference",), 1, False, ("Patient", "Group")) == (
        subject.types,
        subject.min,
        subject.many,
        subject.targets,
    )
    assert r4().elements("CarePlan")["activity"].many
    assert ("CarePlan.activity",) == r4().elements("CarePlan")["activity"].types
    assert () == r4().elements("Extension")["value"].targets


def test_a_content_reference_is_the_type_that_it_names() -> None:
    assert ("Questionnaire.item",) == r4().elements("Questionnaire.item")["item"].types
    assert ("Bundle.link",) == r4().elements("Bundle.entry")["link"].types


def test_ids_and_urls_have_the_types_that_they_are_meant_to_have() -> None:
    assert ("id",) == r4().elements("Patient")["id"].types
    assert ("string",) == r4().elements("Period")["id"].types
    assert ("uri",) == r4().elements("Extension")["url"].types


def test_members_are_the_names_in_json() -> None:
    members = r4().members("Patient")
    assert ["deceasedBoolean", "deceasedDateTime"] == [name for name in members if name.startswith("deceased")]
    assert (r4().elements("Patient")["deceased"], "dateTime") == members["deceasedDateTime"]
    assert 50 == sum(name.startswith("value") for name in r4().members("Extension"))
    assert {"Extension.valueMeta"} == {f"Extension.{name}" for name in r4().members("Extension") if name == "valueMeta"}
    assert all(json_name(element, kind) == name for name, (element, kind) in members.items())


def test_constraints_stand_where_they_belong() -> None:
    assert ["dom-2", "dom-3", "dom-4", "dom-5", "dom-6"] == [rule.key for rule in r4().constraints("CarePlan")]
    assert ["cpl-3"] == [rule.key for rule in r4().constraints("CarePlan.activity")]
    assert ["qty-3", "age-1"] == [rule.key for rule in r4().constraints("Age")]
    assert ["org-2"] == [rule.key for rule in r4().elements("Organization")["address"].constraints]
    assert ["sqt-1"] == [rule.key for rule in r4().elements("Range")["low"].constraints]
    assert () == r4().elements("Extension")["extension"].constraints


def test_a_required_value_set_is_expanded_where_it_can_be() -> None:
    codes = r4().codes("http://hl7.org/fhir/ValueSet/task-status")
    assert codes is not None
    assert 12 == len(codes)
    assert ("http://hl7.org/fhir/task-status", "completed") in codes
    assert r4().codes("http://hl7.org/fhir/ValueSet/mimetypes") is None
    items = r4().codes("http://hl7.org/fhir/ValueSet/item-type") or frozenset()
    assert {"question", "group"} & {code for _, code in items} == {"group"}


def test_a_type_that_is_none_of_r4s_is_a_key_error() -> None:
    for ask in (r4().elements, r4().members, r4().constraints):
        with pytest.raises(KeyError):
            ask("CodeableReference")


def test_every_type_named_by_an_element_has_a_table() -> None:
    named = {kind for type_ in r4().types for element in r4().elements(type_).values() for kind in element.types}
    assert set() == named - r4().types
    targets = {kind for type_ in r4().types for element in r4().elements(type_).values() for kind in element.targets}
    assert set() == targets - r4().resource_types


def test_definitions_are_read_from_their_folders_in_order() -> None:
    assert root().joinpath("profiles").is_dir()
    names = [name for name, content in read("search") if content]
    assert sorted(names) == names


def test_the_file_is_made_again_byte_for_byte() -> None:
    package = os.environ.get(PACKAGE)
    if not package:
        pytest.skip(f"{PACKAGE} names no hl7.fhir.r4.core.tgz, so r4.json.gz was not compared with its source")
    specification = importlib.util.spec_from_file_location("generate_r4", ROOT / "tools" / "generate_r4.py")
    assert specification is not None
    assert specification.loader is not None
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)
    made = generate.pack(generate.tables(generate.package(Path(package))))
    assert made == (ROOT / "fhir_server" / "fhir" / "r4.json.gz").read_bytes()
