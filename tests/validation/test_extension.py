from typing import Any

import pytest

from fhir_server.validation.validate import Validator

EXTENDED = {"extension": [{"url": "http://example.org/x", "valueCode": "masked"}]}


def issues_of(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(issue.expression, issue.key) for issue in Validator().issues(resource) if issue.blocks]


@pytest.mark.parametrize(
    "name",
    [
        {"family": "x", "_family": EXTENDED},
        {"_family": EXTENDED},
        {"family": "x", "_family": {"id": "a"}},
        {"given": ["x", None], "_given": [None, EXTENDED]},
        {"_given": [EXTENDED]},
        {"given": ["x"], "_given": [EXTENDED]},
        {"given": ["x"], "_given": [None]},
    ],
)
def test_a_primitive_may_have_an_object_beside_it(name: dict[str, Any]) -> None:
    assert [] == issues_of({"resourceType": "Patient", "name": [name]})


@pytest.mark.parametrize(
    ("name", "step", "key"),
    [
        ({"family": "x", "_family": None}, "family", "null"),
        ({"family": "x", "_family": {}}, "family", "empty-object"),
        ({"family": "x", "_family": "x"}, "family", "not-object"),
        ({"family": "x", "_family": [EXTENDED]}, "family", "not-single"),
        ({"_family": {"id": "a"}}, "family", "no-value"),
        ({"given": ["x"], "_given": EXTENDED}, "given", "not-array"),
        ({"given": ["x"], "_given": None}, "given", "null"),
        ({"given": ["x"], "_given": []}, "given", "empty-array"),
        ({"given": ["x"], "_given": [None, EXTENDED]}, "given", "sibling-length"),
        ({"given": [None], "_given": [None]}, "given[0]", "null"),
        ({"given": [None]}, "given[0]", "null"),
        ({"_given": [None]}, "given[0]", "null"),
        ({"_given": [{"id": "a"}]}, "given[0]", "no-value"),
        ({"given": ["x"], "_given": [{"valueCode": "x"}]}, "given[0].valueCode", "unknown-element"),
    ],
)
def test_what_does_not_fit_beside_it_is_refused(name: dict[str, Any], step: str, key: str) -> None:
    assert [(f"Patient.name[0].{step}", key)] == issues_of({"resourceType": "Patient", "name": [name]})


def test_an_extension_says_why_a_required_value_is_missing() -> None:
    communication: dict[str, Any] = {"resourceType": "Communication"}
    assert [("Communication.status", "missing")] == issues_of(communication)
    assert [] == issues_of({**communication, "_status": EXTENDED})


def test_a_value_that_is_only_extended_is_the_value_of_an_extension() -> None:
    extension = {"url": "http://example.org/x", "_valueString": EXTENDED}
    assert [] == issues_of({"resourceType": "Patient", "extension": [extension]})
    assert [("Patient.extension[0].value", "choice-twice")] == issues_of(
        {"resourceType": "Patient", "extension": [{**extension, "valueCode": "x"}]}
    )


def test_an_id_and_a_url_are_never_extended() -> None:
    assert [("Patient.id", "unknown-element")] == issues_of({"resourceType": "Patient", "_id": EXTENDED})
    extension = {"url": "http://example.org/x", "_url": EXTENDED, "valueCode": "x"}
    assert [("Patient.extension[0].url", "unknown-element")] == issues_of(
        {"resourceType": "Patient", "extension": [extension]}
    )
