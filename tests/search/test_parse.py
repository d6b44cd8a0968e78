"""https://hl7.org/fhir/R4/search.html"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.instant import DAY, span
from fhir_server.fhir.outcome import BadParameter
from fhir_server.search.modifier import LONGEST_VALUE, modifiers_of
from fhir_server.search.parse import DEFAULT_COUNT, LONGEST_TEXT, MOST_COUNT, MOST_PARAMETERS, MOST_VALUES
from fhir_server.search.query import (
    Every,
    Everything,
    Identity,
    Missing,
    Query,
    Reference,
    Some,
    Sort,
    Span,
    Token,
    Without,
)
from tests.search.reading import BASE, PARAMETERS, PARSER, refusal, where
from tools.take_parameters import types

LOW, HIGH = span("2026-03-02")


@pytest.mark.parametrize(
    ("name", "value", "criterion"),
    [
        ("status", "active", Token("status", None, "active")),
        ("status", "active,draft", Some((Token("status", None, "active"), Token("status", None, "draft")))),
        ("status", "http://hl7.org/fhir/request-status|active", Token("status", "", "active")),
        ("status", "urn:other|active", Token("status", "urn:other", "active")),
        ("status:not", "active", Without(Token("status", None, "active"))),
        ("status:not", "a,b", Without(Some((Token("status", None, "a"), Token("status", None, "b"))))),
        ("status:missing", "true", Missing("status")),
        ("status:missing", "false", Without(Missing("status"))),
        ("category", "s|", Token("category", "s", None)),
        ("category", "|SIP", Token("category", "", "SIP")),
        ("identifier", r"urn:x|a\,b\|c", Token("identifier", "urn:x", "a,b|c")),
        ("patient", "1", Reference("patient", "Patient", "1")),
        ("subject", "1", Reference("subject", None, "1")),
        ("subject", "Patient/1", Reference("subject", "Patient", "1")),
        ("subject", f"{BASE}/Patient/1", Reference("subject", "Patient", "1")),
        ("subject", "https://other.example/Patient/1", Reference("subject", "", "https://other.example/Patient/1")),
        ("subject:Patient", "1", Reference("subject", "Patient", "1")),
        ("subject:identifier", "urn:x|1", Token("subject:identifier", "urn:x", "1")),
        ("subject:missing", "true", Every((Missing("subject"), Missing("subject:identifier")))),
        ("_id", "a", Identity(frozenset({"a"}))),
        ("_id", "a,b", Identity(frozenset({"a", "b"}))),
        ("_id:not", "a", Without(Identity(frozenset({"a"})))),
        ("_lastUpdated", "2026-03-02", Span("_lastUpdated", "eq", LOW, HIGH)),
        ("_lastUpdated", "ge2026-03-02", Span("_lastUpdated", "ge", LOW, HIGH)),
        ("_lastUpdated", "ap2026-03-02", Span("_lastUpdated", "ap", LOW - DAY, HIGH + DAY)),
    ],
)
def test_a_parameter_asks_one_thing(name, value, criterion):
    assert criterion == where((name, value))


def test_parameters_are_joined_by_and():
    expected = Every((Token("status", None, "active"), Reference("patient", "Patient", "1")))

    assert expected == where(("status", "active"), ("patient", "1"))


def test_a_parameter_that_stands_twice_must_hold_twice():
    expected = Every((Token("category", None, "a"), Token("category", None, "b")))

    assert expected == where(("category", "a"), ("category", "b"))


def test_no_parameter_asks_for_everything():
    search = PARSER.parse("CarePlan", [])

    assert Query("CarePlan", Everything(), ()) == search.query
    assert (DEFAULT_COUNT, "", "", (), ()) == (
        search.count,
        search.page,
        search.total,
        search.understood,
        search.warnings,
    )


def test_the_order_is_as_asked():
    search = PARSER.parse("CarePlan", [("_sort", "-_lastUpdated,status,-_id,-status")])

    assert (Sort("_lastUpdated", descending=True), Sort("status"), Sort("_id", descending=True)) == search.query.sort


@pytest.mark.parametrize(
    ("asked", "count"),
    [("0", 0), ("7", 7), ("007", 7), (str(MOST_COUNT), MOST_COUNT), ("1001", MOST_COUNT), ("9" * 5000, MOST_COUNT)],
)
def test_a_page_is_as_large_as_asked_up_to_the_limit(asked, count):
    search = PARSER.parse("CarePlan", [("_count", asked)])

    assert count == search.count
    assert (("_count", str(count)),) == search.understood


@pytest.mark.parametrize(
    ("total", "first", "later"), [("none", False, False), ("accurate", True, True), ("estimate", True, True), ("", True, False)]
)  # fmt: skip
def test_matches_are_counted_as_asked_and_else_once(total, first, later):
    search = PARSER.parse("CarePlan", [("_total", total)] if total else [])

    assert (first, later) == (search.counts(first=True), search.counts(first=False))


def test_what_was_understood_makes_the_self_link():
    pairs = [("_sort", "status"), ("status", "a,b"), ("_page", "t"), ("_format", "json"), ("_totalMethod", "count")]
    search = PARSER.parse("CarePlan", pairs)

    assert (("status", "a,b"), ("_sort", "status"), ("_format", "json")) == search.understood
    assert "t" == search.page


def test_what_is_left_aside_is_said():
    search = PARSER.parse("CarePlan", [("colour", "red"), ("colour:exact", "red"), ("status", "a")], lenient=True)

    assert (("status", "a"),) == search.understood
    assert [("unknown-parameter", "warning")] * 2 == [(issue.key, issue.severity) for issue in search.warnings]


def test_all_unknown_parameters_are_named_at_once():
    with pytest.raises(BadParameter) as refusal:
        PARSER.parse("CarePlan", [("colour", "red"), ("size", "1"), ("status", "a")])

    assert ["colour", "size"] == [issue.said["name"] for issue in refusal.value.issues]
    assert "category" in refusal.value.issues[0].text()


@pytest.mark.parametrize(
    ("wrong", "right", "key"),
    [
        (("colour", "red"), ("status", "red"), "unknown-parameter"),
        (("Status", "red"), ("status", "red"), "unknown-parameter"),
        (("status:exactly", "a"), ("status:not", "a"), "unknown-modifier"),
        (("status:", "a"), ("status", "a"), "unknown-modifier"),
        (("subject:not", "1"), ("subject:Patient", "1"), "unknown-modifier"),
        (("subject:Goal", "1"), ("subject:Group", "1"), "unknown-modifier"),
        (("_id:missing", "true"), ("status:missing", "true"), "unknown-modifier"),
        (("_lastUpdated:missing", "true"), ("_lastUpdated", "2026"), "unknown-modifier"),
        (("_count:exact", "1"), ("_count", "1"), "unknown-modifier"),
        (("status", ""), ("status", "a"), "parameter-value"),
        (("status", "a,"), ("status", "a,b"), "parameter-value"),
        (("status", "|"), ("status", "|a"), "parameter-value"),
        (("identifier", "a|b|c"), ("identifier", r"a|b\|c"), "parameter-value"),
        (("status:missing", "yes"), ("status:missing", "true"), "parameter-value"),
        (("subject", "Colour/1"), ("subject", "Patient/1"), "parameter-value"),
        (("subject:Patient", "Group/1"), ("subject:Patient", "Patient/1"), "parameter-value"),
        (("_id", "a b"), ("_id", "a"), "parameter-value"),
        (("_lastUpdated", "soon"), ("_lastUpdated", "2026"), "parameter-value"),
        (("_lastUpdated", "zz2026"), ("_lastUpdated", "ge2026"), "parameter-value"),
        (("_count", "-1"), ("_count", "1"), "parameter-value"),
        (("_count", "many"), ("_count", "1"), "parameter-value"),
        (("_count", ""), ("_count", "1"), "parameter-value"),
        (("_total", "some"), ("_total", "none"), "parameter-value"),
        (("_total", ""), ("_total", "none"), "parameter-value"),
        (("_sort", "subject"), ("_sort", "status"), "parameter-value"),
        (("_sort", ""), ("_sort", "_id"), "parameter-value"),
        (("status", "\ud800"), ("status", "\U0001f600"), "parameter-value"),
        (("status", "a\x00"), ("status", "a"), "parameter-value"),
        (("status", ",".join("a" * (MOST_VALUES + 1))), ("status", ",".join("a" * MOST_VALUES)), "too-many-values"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_named(wrong, right, key):
    PARSER.parse("CarePlan", [right])

    with pytest.raises(BadParameter) as refusal:
        PARSER.parse("CarePlan", [wrong])
    assert [key] == [issue.key for issue in refusal.value.issues]
    assert all(issue.text(language) for issue in refusal.value.issues for language in ("en", "sv"))


def test_a_filter_is_never_left_aside_for_being_malformed():
    for pair in (("status:exactly", "a"), ("_lastUpdated", "soon"), ("_sort", "colour")):
        with pytest.raises(BadParameter):
            PARSER.parse("CarePlan", [pair], lenient=True)


def test_a_parameter_of_the_answer_stands_once():
    PARSER.parse("CarePlan", [("_count", "1"), ("_sort", "status")])

    with pytest.raises(BadParameter) as refusal:
        PARSER.parse("CarePlan", [("_count", "1"), ("_count", "1")])
    assert "parameter-repeated" == refusal.value.issues[0].key


def test_values_of_a_repeated_parameter_are_counted_together():
    half = ("status", ",".join("a" * (MOST_VALUES // 2)))
    PARSER.parse("CarePlan", [half, half])

    with pytest.raises(BadParameter):
        PARSER.parse("CarePlan", [half, half, ("status", "a")])


def test_a_search_has_so_many_parameters_and_no_more():
    pairs = [("status", "a"), ("_include", "CarePlan:subject")]
    pairs += [(f"_has:Task:based-on:{code}", "a") for code in ("status", "code", "_id")] * (MOST_PARAMETERS // 4)
    pairs += [("_id", "a")] * (MOST_PARAMETERS - len(pairs))
    PARSER.parse("CarePlan", pairs)

    assert "too-many-parameters" == refusal(*pairs, ("category", "a")).key


def test_a_value_is_as_long_as_a_value_may_be_and_no_longer():
    where(("category", "a" * LONGEST_VALUE))

    assert {"name": "category", "limit": LONGEST_VALUE} == dict(refusal(("category", "a" * (LONGEST_VALUE + 1))).said)
    assert {"name": "_filter", "limit": LONGEST_TEXT} == dict(refusal(("_filter", " " * (LONGEST_TEXT + 1))).said)


@pytest.mark.parametrize(
    ("type", "keys"),
    [
        ("Patient", "family,-birthdate,_lastUpdated,_id,gender,name"),
        ("Observation", "value-quantity,-date,code,value-string,_profile"),
        ("EpisodeOfCare", "-started"),
        ("Task", "due,-priority"),
    ],
)
def test_a_search_can_be_sorted_by_what_has_an_order(type, keys):
    expected = tuple(Sort(key.lstrip("-"), descending=key.startswith("-")) for key in keys.split(","))

    assert expected == PARSER.parse(type, [("_sort", keys)]).query.sort


@pytest.mark.parametrize(
    ("type", "wrong"),
    [
        ("CarePlan", "subject"),
        ("CarePlan", "follow-up"),
        ("CarePlan", "_text"),
        ("CarePlan", "_score"),
        ("CarePlan", "patient.name"),
        ("CarePlan", "--status"),
        ("CarePlan", "status,"),
        ("Observation", "code-value-quantity"),
    ],
)
def test_a_search_cannot_be_sorted_by_what_has_none(type, wrong):
    issue = refusal(("_sort", wrong), type=type)

    assert ("parameter-value", "_sort") == (issue.key, issue.said["name"])
    assert "status" in issue.said["expected"].removeprefix("[-]").split("|")


@pytest.mark.parametrize(
    "pair",
    [
        ("$where", "this.password"),
        ("status[$ne]", "x"),
        ("status", ",".join(["a"] * 10_000)),
        ("_id", ",".join(["a"] * 10_000)),
        ("status", "\\" * LONGEST_TEXT),
        ("category", "a|" * 40_000),
        ("date", "9" * LONGEST_TEXT),
        ("date", "ge" * 40_000),
        ("date", "0000-00-00"),
        ("date", "2026-13-01"),
        ("date", "2026-03-02T25:00"),
        ("date", "10000-01-01"),
        ("_sort", "colour," * 10_000),
        ("_count", "-1"),
        ("_count", "1e9"),
        ("_count", "٣"),
        ("_include", "CarePlan:" * 10_000),
        ("_contained", "true"),
        ("_containedType", "container"),
        ("_query", "current-high-risk"),
        ("_filter", "(" * 10_000),
        ("_has:" * 10_000, "x"),
        ("subject" + ".subject" * 10_000, "x"),
        ("subject" + ":Patient" * 10_000, "x"),
        ("status\x00", "x"),
        ("category", "\ud800"),
        ("category", "\udfff\ud800"),
        ("_page\x00", ""),
    ],
    ids=lambda pair: pair[0][:20].encode("unicode_escape").decode(),
)
def test_bad_input_is_refused_at_once_and_the_parameter_is_named(pair):
    started = time.perf_counter()
    issue = refusal(pair)

    assert 5 > time.perf_counter() - started
    name = issue.said.get("name", pair[0])
    assert pair[0].replace("\x00", "?").startswith(name[:7])
    assert 1_500 > len(issue.text("en"))


def test_what_looks_like_a_pattern_is_a_text():
    assert where(("title:contains", ".*.*(a+)+$"), type="Composition") == where(
        ("title:contains", "a"), type="Composition"
    )
    assert Token("category", None, ".*") == where(("category", ".*"))


def test_a_page_of_a_thousand_million_is_a_page_of_a_thousand():
    search = PARSER.parse("CarePlan", [("_count", str(10**9))])

    assert (MOST_COUNT, (("_count", str(MOST_COUNT)),)) == (search.count, search.understood)


def test_a_value_is_never_said_back():
    for pair in (("_lastUpdated", "19121212"), ("identifier", "19121212-1212|a|b"), ("_id", "19121212 1212")):
        with pytest.raises(BadParameter) as refusal:
            PARSER.parse("Patient", [pair])
        assert "1912" not in refusal.value.issues[0].text()


def _names():
    """Every parameter of every type that is kept, with each of its modifiers and some that it does not have."""
    for type in sorted(types()):
        for code, parameter in PARAMETERS.of(type).items():
            modifiers = () if parameter.chain else modifiers_of(parameter)
            yield from (
                (type, f"{code}{end}") for end in ("", *(f":{one}" for one in modifiers), ":x", ".name", ":Patient")
            )


NAMED = st.sampled_from(list(_names()))
OTHERS = st.sampled_from(
    ["_sort", "_count", "_total", "_page", "_list", "_filter", "_include", "_revinclude:iterate", "_has"]
)
OTHERS |= st.sampled_from(["_has:Task:subject:status", "_has:CarePlan:patient:date", "patient.birthdate", ":", ".", ""])
VALUES = st.sampled_from(
    ["true", "2026", "ge2026-03-02", "Patient/1", "a|b", "|a", "a|", "a$5", "5.4||mg", "lt5", "a,b", "s|c|v", "1e99", "https://x.example/a|1", "name co a"]
)  # fmt: skip
VALUES |= st.text(max_size=20) | st.text(alphabet="aP/|,\\$:2026-eqT Z#.", max_size=20)
VALUES |= st.text(st.characters(), max_size=9)


@given(NAMED, st.lists(VALUES, min_size=1, max_size=3), st.booleans())
def test_any_text_in_any_parameter_is_understood_or_refused(named, values, lenient):
    type, name = named
    _understood_or_refused(type, [(name, value) for value in values], lenient=lenient)


@given(st.sampled_from(["CarePlan", "Patient", "Binary", "Nothing"]), st.lists(st.tuples(OTHERS | st.text(max_size=9), VALUES), max_size=5), st.booleans())  # fmt: skip
def test_any_pairs_are_understood_or_refused(type, pairs, lenient):
    _understood_or_refused(type, pairs, lenient=lenient)


def _understood_or_refused(type, pairs, *, lenient):
    try:
        search = PARSER.parse(type, pairs, lenient=lenient)
    except BadParameter as refused:
        assert all(issue.text(language) for issue in refused.issues for language in ("en", "sv"))  # noqa: PT017  # both are right
        return
    assert PARSER.parse(type, search.understood).query == search.query
