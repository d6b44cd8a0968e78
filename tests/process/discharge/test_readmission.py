"""Who comes back within so many local days of a discharge is readmitted."""

from dataclasses import replace

import pytest

from fhir_server.process.discharge.readmission import is_transferred, readmission_of
from fhir_server.process.policy import load_policies
from tests.discharge import ms

POLICY = load_policies().statute
ROWS = {
    "the-same-day": ("2026-03-02 18:00", ["2026-03-02 10:00"], 0),
    "the-day-after": ("2026-03-03 00:00", ["2026-03-02 23:59"], 1),
    "on-the-thirtieth": ("2026-04-01 23:59", ["2026-03-02 00:01"], 30),
    "on-the-thirty-first": ("2026-04-02 00:00", ["2026-03-02 23:59"], None),
    "over-the-clock-s-turn-in-spring": ("2026-04-28 00:30", ["2026-03-29 01:30"], 30),
    "over-the-clock-s-turn-in-autumn": ("2026-11-24 23:30", ["2026-10-25 02:30"], 30),
    "over-a-leap-day": ("2028-03-29 08:00", ["2028-02-28 08:00"], 30),
    "a-day-later-over-a-leap-day": ("2028-03-30 08:00", ["2028-02-28 08:00"], None),
    "after-two-the-latest-counts": ("2026-03-20 08:00", ["2026-03-01 08:00", "2026-03-15 08:00"], 5),
    "undone-or-still-open": ("2026-03-20 08:00", [None], None),
    "one-open-and-one-not": ("2026-03-20 08:00", [None, "2026-03-15 08:00"], 5),
    "that-ended-later": ("2026-03-20 08:00", ["2026-03-21 08:00"], None),
    "at-the-very-moment": ("2026-03-20 08:00", ["2026-03-20 08:00"], 0),
    "none-before": ("2026-03-20 08:00", [], None),
    "not-admitted": (None, ["2026-03-15 08:00"], None),
}


def moment(text):
    return None if text is None else ms(text)


@pytest.mark.parametrize(("admitted", "discharged", "days"), ROWS.values(), ids=ROWS)
def test_a_readmission_is_counted_in_local_days(admitted, discharged, days):
    earlier = [(f"EpisodeOfCare/{number}", moment(it)) for number, it in enumerate(discharged)]
    found = readmission_of(moment(admitted), earlier, POLICY)
    assert days == (None if found is None else found.days)
    if found is not None:
        assert found.of == max((at, place) for place, at in earlier if at is not None)[1]


def test_how_many_days_is_the_policy_s():
    earlier = [("EpisodeOfCare/a", moment("2026-03-02 10:00"))]
    assert readmission_of(moment("2026-03-10 10:00"), earlier, replace(POLICY, readmission_days=7)) is None
    assert readmission_of(moment("2026-03-09 10:00"), earlier, replace(POLICY, readmission_days=7)) is not None
    assert POLICY.unverified >= {"readmission-days"}


def test_who_comes_from_another_hospital_has_not_come_back():
    source = {"system": "http://terminology.hl7.org/CodeSystem/admit-source", "code": "hosp-trans"}
    assert is_transferred({"hospitalization": {"admitSource": {"coding": [source]}}})
    assert not is_transferred({"hospitalization": {"admitSource": {"coding": [{**source, "code": "emd"}]}}})
    assert not is_transferred({})
