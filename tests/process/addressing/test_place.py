"""Where a person is registered, and the areas that it lies in."""

import pytest

from fhir_server.process.addressing.place import OFFICIAL, REGISTERED, Places, registered_address
from tests.register import AREAS, an_area

SUMMER_HOUSE = "63411000052104"


def around(address, areas=AREAS):
    return [at.removeprefix("Location/") for at in Places(areas).around(address)]


@pytest.mark.parametrize(
    ("areas", "address"),
    [
        pytest.param(["norr", "kommun"], {"postalCode": "999 01", "city": "Björkvik"}, id="a postal code"),
        pytest.param(["norr", "kommun"], {"postalCode": "99901"}, id="a postal code without its blank"),
        pytest.param(["kommun"], {"postalCode": "999 99", "city": "BJÖRKVIK"}, id="a postal town"),
        pytest.param(["kommun"], {"postalCode": "999 05"}, id="a postal code that two districts share"),
        pytest.param([], {"city": "Delad"}, id="a town that two municipalities share"),
        pytest.param(["grannen"], {"postalCode": "999 09", "district": "Granninge", "city": "Delad"}, id="a municipality"),
        pytest.param([], {"city": "Annanstans"}, id="elsewhere"),
        pytest.param([], {"line": ["Björkvik"]}, id="nothing that tells"),
    ],
)  # fmt: skip
def test_an_address_lies_in_areas_within_one_another(areas, address):
    assert areas == around(address)


def test_areas_that_are_part_of_each_other_are_walked_once():
    circle = [an_area("a", "Ort", within="b"), an_area("b", within="a")]

    assert ["a", "b"] == around({"city": "Ort"}, circle)


def an_address(city, kind=""):
    coding = [{"system": "http://snomed.info/sct", "code": kind}]
    return {
        "city": city,
        **({"extension": [{"url": OFFICIAL, "valueCodeableConcept": {"coding": coding}}]} if kind else {}),
    }


@pytest.mark.parametrize(
    ("city", "addresses"),
    [
        pytest.param("Hemma", [an_address("Stugan", SUMMER_HOUSE), an_address("Hemma", REGISTERED)], id="the registered"),
        pytest.param("Hemma", [an_address("Brevlådan"), an_address("Hemma", REGISTERED)], id="before one that says nothing"),
        pytest.param("Hemma", [an_address("Stugan", SUMMER_HOUSE), an_address("Hemma")], id="what is not another kind"),
    ],
)  # fmt: skip
def test_somebody_is_registered_at_one_address(city, addresses):
    assert city == registered_address({"address": addresses})["city"]


def test_who_has_only_an_address_of_another_kind_is_registered_nowhere():
    assert registered_address({"address": [an_address("Stugan", SUMMER_HOUSE)]}) is None
    assert registered_address({}) is None
