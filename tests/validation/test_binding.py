import pytest

from fhir_server.fhir.definitions import r4
from fhir_server.validation.binding import BY_FORM, BY_SYSTEM, is_currency, is_language, is_media_type
from fhir_server.validation.validate import Validator


@pytest.mark.parametrize("code", ["text/plain", "application/fhir+json; charset=utf-8", "image/svg+xml", "json"])
def test_a_media_type_is_accepted(code: str) -> None:
    assert is_media_type(code)


@pytest.mark.parametrize(
    "code", ["text", "text/", "/plain", "text/pl ain", "text/plain;", "text/plain;a", "text/plain/x", "å/b"]
)
def test_what_is_no_media_type_is_refused(code: str) -> None:
    assert not is_media_type(code)


@pytest.mark.parametrize("code", ["sv", "sv-SE", "en-US", "zh-Hant-TW", "x-klingon", "i-enochian", "gsw", "de-1996"])
def test_a_language_is_accepted(code: str) -> None:
    assert is_language(code)


@pytest.mark.parametrize("code", ["", "s", "x", "1a", "sv_SE", "sv-", "svenskaspråket", "abcdefghi", "sv-abcdefghi"])
def test_what_is_no_language_is_refused(code: str) -> None:
    assert not is_language(code)


@pytest.mark.parametrize(
    ("code", "holds"), [("SEK", True), ("sek", False), ("SE", False), ("SEKR", False), ("ÅÄÖ", False)]
)
def test_a_currency_has_three_capital_letters(code: str, holds: bool) -> None:
    assert holds == is_currency(code)


def test_every_required_code_can_be_judged() -> None:
    bound = {
        element.binding for kind in r4().types for element in r4().elements(kind).values() if element.types == ("code",)
    }
    assert set() == {url for url in bound - {""} if r4().codes(url) is None and url not in BY_FORM}


def test_only_the_value_set_of_loinc_that_r4_leaves_out_goes_unjudged() -> None:
    bound = {element.binding for kind in r4().types for element in r4().elements(kind).values()} - {""}
    assert {"http://loinc.org/vs/LL379-9"} == {
        url for url in bound if r4().codes(url) is None and url not in BY_FORM and url not in BY_SYSTEM
    }


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        ({"coding": [{"system": CLINICAL, "code": "active"}]}, []),
        ({"coding": [{"system": "http://example.org", "code": "1"}, {"system": CLINICAL, "code": "active"}]}, []),
        ({"extension": [{"url": "http://example.org", "valueCode": "unknown"}]}, []),
        ({"coding": [{"system": CLINICAL, "code": "ongoing"}]}, ["concept-not-allowed"]),
        ({"coding": [{"code": "active"}]}, ["concept-not-allowed"]),
        ({"text": "active"}, ["concept-not-allowed"]),
        ({"text": "active", "colour": "red"}, ["concept-not-allowed", "unknown-element"]),
        ({"coding": "active"}, ["not-array"]),
    ],
)
def test_a_concept_that_is_bound_has_a_coding_of_the_value_set(concept: object, expected: list[str]) -> None:
    condition = {"resourceType": "Condition", "clinicalStatus": concept, "subject": {"reference": "Patient/1"}}
    assert expected == [issue.key for issue in Validator().issues(condition) if issue.blocks]


def test_a_unit_of_ucum_is_judged_by_its_system() -> None:
    def keys(system: str) -> list[str]:
        evidence = {"riskEstimate": {"unitOfMeasure": {"coding": [{"system": system, "code": "%"}]}}}
        issues = Validator().issues({"resourceType": "RiskEvidenceSynthesis", **evidence})
        return [issue.key for issue in issues if issue.expression.endswith("unitOfMeasure")]

    assert [] == keys("http://unitsofmeasure.org")
    assert ["concept-not-allowed"] == keys("http://example.org")
