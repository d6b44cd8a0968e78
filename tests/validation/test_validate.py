import threading
from typing import Any

import pytest

from fhir_server.fhir.codec import Number
from fhir_server.validation.validate import MOST_ISSUES, Validator
from tests.validation.seeds import NAMES, changed, seed


@pytest.mark.parametrize("value", [None, [], "x", 1, True, {}, {"resourceType": None}, {"resourceType": ["Patient"]}])
def test_what_is_no_resource_says_so_and_nothing_else(value: Any) -> None:
    assert [("not-a-resource", "")] == [(issue.key, issue.expression) for issue in Validator().issues(value)]


def test_a_resource_of_another_type_than_asked_for_says_so() -> None:
    assert () == Validator().issues(seed("Patient"), type="Patient")
    assert ["type-mismatch"] == [issue.key for issue in Validator().issues(seed("Patient"), type="CarePlan")]


def test_an_abstract_type_is_none_that_a_resource_can_have() -> None:
    for kind in ("DomainResource", "Resource", "Period", "CarePlan.activity"):
        assert ["no-such-resource-type"] == [issue.key for issue in Validator().issues({"resourceType": kind})]


def test_a_datatype_can_be_judged_alone() -> None:
    assert () == Validator().issues({"start": "2024", "end": "2024"}, type="Period")
    issues = Validator().issues({"start": "2025", "end": "2024", "extension": []}, type="Period")
    assert [("Period.extension", "empty-array")] == [(issue.expression, issue.key) for issue in issues]


def test_the_digits_of_a_number_do_not_matter_and_its_value_does() -> None:
    def issues(value: Any) -> tuple[Any, ...]:
        return Validator().issues(changed("ServiceRequest", "occurrenceTiming.repeat.period", value))

    assert [] == [issue for issue in issues(Number("3.50")) if issue.blocks]
    assert ["tim-5"] == [issue.source for issue in issues(Number("-3.50")) if issue.blocks]


def test_no_issue_repeats_what_stands_in_the_record() -> None:
    secret = "Tolvan 191212121212"
    patient = changed("Patient", "gender", secret)
    patient |= {secret: secret, "19121212-1212": 1, "_" + secret: {}, "birthDate": secret, "active": secret}
    patient["text"]["div"] = (
        f'<div xmlns="http://www.w3.org/1999/xhtml"><{secret.split(maxsplit=1)[0]}-19 a="{secret}"/></div>'
    )
    patient["managingOrganization"] = {"reference": secret, "type": secret}
    said = [text for issue in Validator().issues(patient) for text in (str(issue.as_json()), str(issue.as_json("sv")))]
    assert len(said) > 10
    assert [] == [text for text in said if "Tolvan" in text or "1212" in text]


def test_an_answer_carries_so_many_issues_and_says_that_there_are_more() -> None:
    def issues(names: int) -> tuple[Any, ...]:
        return tuple(issue for issue in Validator().issues({"resourceType": "Patient", "name": ["x"] * names}))

    assert MOST_ISSUES == len(issues(MOST_ISSUES))
    many = issues(MOST_ISSUES + 5)
    assert MOST_ISSUES + 1 == len(many)
    assert ("too-many-issues", "information") == (many[-1].key, many[-1].severity)
    assert str(MOST_ISSUES) in many[-1].text()


@pytest.mark.parametrize(("levels", "key"), [(60, None), (5_000, "too-deep")])
def test_a_resource_nested_without_end_is_an_issue_and_no_crash(levels: int, key: str | None) -> None:
    extension: dict[str, Any] = {"url": "http://example.org/x", "valueCode": "x"}
    for _ in range(levels):
        extension = {"url": "http://example.org/x", "extension": [extension]}
    keys = [
        issue.key for issue in Validator().issues({"resourceType": "Patient", "extension": [extension]}) if issue.blocks
    ]
    assert ([key] if key else []) == keys


def test_several_threads_may_compile_at_once() -> None:
    validator, results = Validator(), []

    def validate() -> None:
        results.extend(issue for name in NAMES for issue in validator.issues(seed(name)) if issue.blocks)

    threads = [threading.Thread(target=validate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == results
