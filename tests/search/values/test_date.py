"""https://hl7.org/fhir/R4/search.html#date"""

import pytest

from fhir_server.fhir.instant import BEGINNING, DAY, END, span
from fhir_server.search.query import Span
from fhir_server.search.values.date import RELATIONS, SPANS, date

LOW, HIGH = span("2026-03-02")


@pytest.mark.parametrize(
    ("kind", "value", "ends"),
    [
        ("date", "2026-03-02", [(LOW, HIGH)]),
        ("dateTime", "2026-03-02T01:00:00+01:00", [(LOW, LOW + 999)]),
        ("instant", "2026-03-02T00:00:00.000Z", [(LOW, LOW)]),
        ("date", "2026-02-30", []),
        ("Period", {"start": "2026-03-02", "end": "2026-03-03"}, [(LOW, HIGH + DAY)]),
        ("Period", {"start": "2026-03-02"}, [(LOW, END)]),
        ("Period", {"end": "2026-03-02"}, [(BEGINNING, HIGH)]),
        ("Period", {}, []),
        ("Period", {"start": ["2026-03-02"]}, []),
        ("Timing", {"event": ["2026-03-03", "2026-03-02"]}, [(LOW, HIGH + DAY)]),
        ("Timing", {"repeat": {"boundsPeriod": {"start": "2026-03-02"}}}, [(LOW, END)]),
        ("Timing", {"event": ["2026-03-02"], "repeat": {"boundsPeriod": {"end": "2026-03-03"}}}, [(BEGINNING, HIGH + DAY)]),
        ("Timing", {"repeat": {"frequency": 1}}, []),
        ("Timing", {"event": "2026-03-02", "repeat": "weekly"}, []),
    ],
)  # fmt: skip
def test_a_value_gives_its_span(kind, value, ends):
    assert ends == list(SPANS[kind](value))


@pytest.mark.parametrize("relation", [one for one in RELATIONS if one != "ap"])
def test_a_date_is_asked_for_with_a_prefix(relation):
    assert Span("p", relation, LOW, HIGH) == date("p", f"{relation}2026-03-02")


def test_without_a_prefix_it_is_equality():
    assert date("p", "eq2026-03-02") == date("p", "2026-03-02")


def test_about_a_day_is_the_days_beside_it_too():
    assert Span("p", "ap", LOW - DAY, HIGH + DAY) == date("p", "ap2026-03-02")


def test_a_plus_sign_that_was_not_escaped_is_understood():
    assert date("p", "2026-03-02T10:00:00+01:00") == date("p", "2026-03-02T10:00:00 01:00")


@pytest.mark.parametrize("text", ["", "eq", "zz2026", "2026-02-30", "soon", "2026-03-02T10", "eq eq2026"])
def test_what_is_no_date_is_none(text):
    assert date("p", text) is None
