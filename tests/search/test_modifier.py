"""https://hl7.org/fhir/R4/search.html#modifiers"""

import pytest

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import BadParameter
from fhir_server.search.modifier import LONGEST_VALUE, asked, modifiers_of
from fhir_server.search.parameter import load_parameters
from fhir_server.search.query import (
    Amount,
    Every,
    Identity,
    Missing,
    Reference,
    Some,
    Span,
    Text,
    Together,
    Token,
    Under,
    Without,
    Words,
)
from fhir_server.search.values.amount import number
from tests.search.reading import BASE, refusal, where

PARAMETERS = load_parameters()
DAY = span("2026-03-02")
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"


@pytest.mark.parametrize(
    ("type", "code", "modifiers"),
    [
        ("CarePlan", "category", {"missing", "not", "text", "in", "not-in"}),
        ("CarePlan", "status", {"missing", "not", "in", "not-in"}),
        ("CarePlan", "identifier", {"missing", "not", "text", "of-type"}),
        ("Patient", "phone", {"missing", "not"}),
        ("Patient", "active", {"missing", "not"}),
        ("DocumentReference", "contenttype", {"missing", "not", "in", "not-in", "below"}),
        ("CarePlan", "subject", {"missing", "identifier"}),
        ("CarePlan", "instantiates-canonical", {"missing"}),
        ("CarePlan", "date", {"missing"}),
        ("Patient", "name", {"missing", "exact", "contains"}),
        ("Measure", "url", {"missing", "above", "below"}),
        ("Observation", "value-quantity", {"missing"}),
        ("Observation", "code-value-quantity", set()),
        ("CarePlan", "_id", {"not"}),
        ("CarePlan", "_lastUpdated", set()),
        ("CarePlan", "_text", set()),
    ],
)
def test_a_parameter_understands_the_modifiers_that_mean_something_of_it(type, code, modifiers):
    assert modifiers == set(modifiers_of(PARAMETERS.of(type)[code]))


@pytest.mark.parametrize(
    ("type", "name", "value", "criterion"),
    [
        ("Condition", "code:text", "Fall", Text("code:text", "starts", "fall")),
        ("Patient", "identifier:of-type", "s|NI|1", Token("identifier:of-type", "s", "NI|1")),
        ("Patient", "gender:in", GENDERS, Some(tuple(Token("gender", "", code) for code in ("female", "male", "other", "unknown")))),
        ("Patient", "gender:not-in", f"{GENDERS}|4.0.1", Without(Some(tuple(Token("gender", "", code) for code in ("female", "male", "other", "unknown"))))),
        ("Patient", "name:contains", "öbe", Text("name", "contains", "obe")),
        ("Patient", "name:exact", "Öbe", Text("name", "exact", "Öbe")),
        ("Patient", "name", "Eva,Åsa", Some((Text("name", "starts", "eva"), Text("name", "starts", "asa")))),
        ("Patient", "active", "true", Token("active", None, "true")),
        ("Patient", "phone", "070-1", Token("phone", None, "070-1")),
        ("Measure", "version", "V2", Token("version", None, "v2")),
        ("Measure", "url", "urn:x", Token("url", None, "urn:x")),
        ("Measure", "url", "urn:x|V2", Every((Token("url", None, "urn:x"), Token("version", None, "v2")))),
        ("Measure", "url:below", "https://x.example", Under("url", "https://x.example")),
        ("Subscription", "url", "https://x.example/a", Token("url", None, "https://x.example/a")),
        ("DocumentReference", "contenttype:below", "text/xml", Some((Token("contenttype", None, "text/xml"), Under("contenttype", "text/xml;")))),
        ("CarePlan", "_text", "Fall höft", Words("_text", frozenset({"fall", "hoft"}))),
        ("CarePlan", "_content", "fall,höft", Some((Words("_content", frozenset({"fall"})), Words("_content", frozenset({"hoft"}))))),
        ("Observation", "value-quantity", "ge5.4||mg", Amount("value-quantity", "ge", 5.4, 5.4, None, "mg")),
        ("CarePlan", "subject:missing", "true", Every((Missing("subject"), Missing("subject:identifier")))),
        ("CarePlan", "category:missing", "false", Without(Every((Missing("category"), Missing("category:text"))))),
        ("CarePlan", "date:missing", "true", Missing("date")),
        ("CarePlan", "status:missing", "true", Missing("status")),
        ("CarePlan", "subject:identifier", "s|1", Token("subject:identifier", "s", "1")),
        ("CarePlan", "subject:Group", "1", Reference("subject", "Group", "1")),
        ("CarePlan", "_id:not", "a,b", Without(Identity(frozenset({"a", "b"})))),
        ("CarePlan", "date", "eb2026-03-02", Span("date", "eb", *DAY)),
    ],
)  # fmt: skip
def test_a_modifier_asks_its_own_question(type, name, value, criterion):
    assert criterion == where((name, value), type=type)


def test_a_composite_asks_all_of_one_element():
    five = number("1", "gt5")
    expected = Together(
        "code-value-quantity", (Token("0", "s", "a"), Amount("1", "gt", five.low, five.high, None, "mg"))
    )

    assert expected == where(("code-value-quantity", "s|a$gt5||mg"), type="Observation")
    both = where(("code-value-quantity", r"s|a$5,s|a\$b$6"), type="Observation")
    assert [Token("0", "s", "a"), Token("0", "s", "a$b")] == [part.parts[0] for part in both.parts]


@pytest.mark.parametrize(
    ("type", "wrong", "right", "expected"),
    [
        ("Patient", ("active", "yes"), ("active", "true"), "true|false"),
        ("Patient", ("active", "|true"), ("active", "false"), "true|false"),
        ("Patient", ("phone", "phone|070-1"), ("phone", "070-1"), "code"),
        ("Patient", ("name", "—"), ("name:exact", "—"), "text"),
        ("Patient", ("name", ""), ("name", "a"), "text"),
        ("Patient", ("birthdate", "20260302"), ("birthdate", "2026-03-02"), "YYYY-MM-DD"),
        ("Patient", ("birthdate", "ge 2026"), ("birthdate", "ge2026"), "eq|ne|gt"),
        ("Patient", ("identifier:of-type", "NI|1"), ("identifier:of-type", "s|NI|1"), "system|code|value"),
        ("Patient", ("gender:in", "urn:x"), ("gender:in", GENDERS), "value set"),
        ("Patient", ("gender:not-in", ""), ("gender:not-in", GENDERS), "value set"),
        ("Observation", ("value-quantity", "1e999999"), ("value-quantity", "1e99"), "number"),
        ("Observation", ("value-quantity", "5|mg"), ("value-quantity", "5||mg"), "[|system|code]"),
        ("Observation", ("code-value-quantity", "a"), ("code-value-quantity", "a$5"), "token$quantity"),
        ("Observation", ("code-value-quantity", "a$5$6"), ("code-value-quantity", r"a\$5$6"), "token$quantity"),
        ("Observation", ("code-value-quantity", "a$mycket"), ("code-value-quantity", "a$1"), "number"),
        ("CarePlan", ("subject", "Patient/å"), ("subject", "Patient/a"), "Type/id"),
        ("CarePlan", ("subject:identifier", "|"), ("subject:identifier", "|1"), "system|code"),
        ("CarePlan", ("_text", "!"), ("_text", "a"), "words"),
        ("Measure", ("url:above", "urn:oid:1.2"), ("url", "urn:oid:1.2"), "URL"),
        ("Measure", ("url:below", ""), ("url:below", "https://x.example"), "URL"),
        ("DocumentReference", ("contenttype:below", ""), ("contenttype:below", "text"), "media type"),
    ],
)
def test_a_malformed_value_is_refused_and_what_is_expected_is_said(type, wrong, right, expected):
    where(right, type=type)

    issue = refusal(wrong, type=type)
    assert "parameter-value" == issue.key
    assert expected in issue.said["expected"]
    assert wrong[0].partition(":")[0] == issue.said["name"].partition(":")[0]


@pytest.mark.parametrize(
    ("type", "wrong", "right"),
    [
        ("CarePlan", "status:text", "category:text"),
        ("CarePlan", "category:of-type", "identifier:of-type"),
        ("CarePlan", "identifier:in", "status:in"),
        ("CarePlan", "category:below", "category"),
        ("CarePlan", "category:above", "category"),
        ("CarePlan", "instantiates-canonical:identifier", "subject:identifier"),
        ("CarePlan", "date:not", "status:not"),
        ("CarePlan", "_text:contains", "_text"),
        ("CarePlan", "category:equals", "category:text"),
        ("Patient", "name:equals", "name:exact"),
        ("Patient", "name:not", "name"),
        ("Observation", "code-value-quantity:missing", "value-quantity:missing"),
    ],
)
def test_a_modifier_that_means_nothing_is_refused(type, wrong, right):
    values = {"status:in": "http://hl7.org/fhir/ValueSet/request-status", "identifier:of-type": "s|c|1"}
    where((right, values.get(right, "true")), type=type)

    issue = refusal((wrong, "true"), type=type)
    assert "unknown-modifier" == issue.key
    assert wrong.split(":") == [issue.said["name"], issue.said["modifier"]]


def test_no_parameter_mixes_texts_with_other_tokens():
    """Texts are indexed without case: a code of the same parameter could not be asked for."""
    for type in sorted(r4().resource_types):
        for parameter in PARAMETERS.of(type).values():
            if parameter.kind == "token" and "string" in parameter.types:
                assert {"string"} == parameter.types, (type, parameter.code)


def test_a_value_is_no_longer_than_a_value_may_be():
    category = PARAMETERS.of("CarePlan")["category"]
    asked(category, "", "a" * LONGEST_VALUE, BASE)

    with pytest.raises(BadParameter) as refused:
        asked(category, "", "a" * (LONGEST_VALUE + 1), BASE)
    assert {"name": "category", "limit": LONGEST_VALUE} == dict(refused.value.issues[0].said)
