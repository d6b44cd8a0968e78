"""The rules of a discharge: what is shipped is the statute, an agreement overrides it in its time, and what contradicts itself is refused."""

import copy
from dataclasses import replace
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fhir_server.fhir.definitions import BadDefinition
from fhir_server.process.policy import FILE, Policies, Policy, load_policies, policies_of
from tests.process.discharge.house import (
    MUNICIPALITY,
    NEIGHBOUR,
    REGION,
    agreement,
    at,
    number,
    party,
    policies,
    row,
    shipped,
)

STATUTE = load_policies().statute
HSA = {"system": "urn:oid:1.2.752.29.4.19", "value": "SE2321000131-E000000123401"}


def agreed(policies: Policies, when: str, care: str = "somatic", municipality: str = MUNICIPALITY) -> Policy:
    return policies.policy_of(party(REGION), party(municipality), care, at(when))


def without(name: str) -> dict:
    kept = copy.deepcopy(shipped())
    kept["parameter"] = [one for one in kept["parameter"] if one["name"] != name]
    return kept


def with_value(name: str, **value) -> dict:
    """The shipped file with another value in one row."""
    changed = copy.deepcopy(shipped())
    told = next(one for one in changed["parameter"] if one["name"] == name)["part"]
    told[0] = {"name": "value", **value}
    return changed


def test_what_is_shipped_is_the_statute():
    assert (3, 4, time(12), "calendar", "individual") == (
        STATUTE.days,
        STATUTE.days_after_hour,
        STATUTE.hour,
        STATUTE.counted,
        STATUTE.model,
    )
    assert (Decimal(3), 3, ZoneInfo("Europe/Stockholm")) == (STATUTE.threshold, STATUTE.rolling_months, STATUTE.zone)
    assert "5 kap. 4 § lagen (2017:612)" == STATUTE.sources["days"]


def test_no_agreement_is_shipped_and_no_amount_that_nobody_verified():
    assert () == load_policies().agreements
    assert {2019: Decimal(7800), 2022: Decimal(9300)} == STATUTE.rates
    assert (Decimal(7800), None) == (STATUTE.rate_of(2019), STATUTE.rate_of(2020))


def test_an_agreement_overrides_what_it_names_and_nothing_else():
    found = agreed(policies(agreement("fem", "2026-01-01", days=5, days_after_hour=6)), "2026-03-02 10:00")

    sources = STATUTE.sources | {"days": "a fixture", "days-after-hour": "a fixture"}
    assert replace(STATUTE, days=5, days_after_hour=6, agreement="fem", sources=sources) == found


def test_what_was_agreed_on_wants_no_checking_any_more():
    found = agreed(policies(agreement("fem", "2026-01-01", leave="counts")), "2026-03-02 10:00")

    assert {"counted", "discharge-day", "late-notice", "late-call", "leave", "readmission-days"} == STATUTE.unverified
    assert STATUTE.unverified - {"leave"} == found.unverified


def test_an_agreement_holds_from_its_first_day_to_its_last():
    both = policies(agreement("fem", "2026-03-01", "2026-03-31", days_after_hour=5))

    assert ["", "fem", "fem", ""] == [
        agreed(both, when).agreement
        for when in ("2026-02-28 23:59:59", "2026-03-01 00:00", "2026-03-31 23:59:59", "2026-04-01 00:00")
    ]


def test_an_agreement_without_a_last_day_stands():
    assert "fem" == agreed(policies(agreement("fem", "2026-03-01", days_after_hour=5)), "2099-01-01 00:00").agreement


def test_an_agreement_is_of_its_two_parties_alone():
    own = policies(agreement("fem", "2026-03-01", days_after_hour=5))

    assert "fem" == agreed(own, "2026-03-02 10:00").agreement
    assert "" == agreed(own, "2026-03-02 10:00", municipality=NEIGHBOUR).agreement
    assert "" == own.policy_of(party(NEIGHBOUR), party(MUNICIPALITY), "somatic", at("2026-03-02 10:00")).agreement


def test_an_agreement_may_be_with_several_municipalities():
    joint = policies(
        agreement("alla", "2026-03-01", municipality=[number(MUNICIPALITY), number(NEIGHBOUR)], model="average")
    )

    assert ["average", "average"] == [
        agreed(joint, "2026-03-02 10:00", municipality=one).model for one in (MUNICIPALITY, NEIGHBOUR)
    ]


def test_an_agreement_may_be_about_one_kind_of_care():
    own = policies(agreement("psyk", "2026-03-01", care="psychiatric", days=30, days_after_hour=30))

    assert (30, 3) == tuple(agreed(own, "2026-03-02 10:00", care).days for care in ("psychiatric", "somatic"))


def test_a_party_may_be_named_by_its_hsa_id():
    own = policies(agreement("fem", "2026-03-01", region=HSA, days_after_hour=5))
    named = frozenset({f"{HSA['system']}|{HSA['value']}", "urn:oid:2.5.4.97|2321000131"})

    assert "fem" == own.policy_of(named, party(MUNICIPALITY), "somatic", at("2026-03-02 10:00")).agreement


def test_an_amount_that_was_agreed_on_is_that_of_every_year():
    own = agreed(policies(agreement("a", "2019-01-01", amount={"value": 5000, "currency": "SEK"})), "2019-03-02 10:00")

    assert (Decimal(5000), Decimal(5000)) == (own.rate_of(2019), own.rate_of(2026))


def test_a_rate_may_be_told_in_a_file_beside():
    own = policies(row("rate", year=2026, value={"value": 12000, "currency": "SEK"})).statute

    assert (Decimal(12000), Decimal(7800)) == (own.rate_of(2026), own.rate_of(2019))


STANDING = agreement("fem", "2026-03-01", "2026-03-31", days_after_hour=5)
SEK = {"value": 1, "currency": "SEK"}
BAD = {
    "a row that there is not": (row("weekdays", value=3), "weekdays"),
    "a row of the statute twice": (row("days", value=3), "days"),
    "a part that nobody reads": (agreement("x", "2026-03-01", days_after_hour=5, wish="more"), "wish"),
    "no reason": ({"name": "rate", "part": [{"name": "year", "valueX": 2026}]}, "reason"),
    "a source that says nothing": (row("rate", year=2026, value=SEK, source=""), "source"),
    "a year twice": (row("rate", year=2022, value=SEK), "2022"),
    "another currency": (row("rate", year=2026, value={"value": 1, "currency": "EUR"}), "SEK"),
    "a code that there is not": (agreement("x", "2026-03-01", counted="weekdays"), "calendar, workdays"),
    "a number that is a text": (agreement("x", "2026-03-01", days_after_hour="5"), "whole number"),
    "nothing of its own": (agreement("x", "2026-03-01"), "nothing of its own"),
    "an end before its beginning": (agreement("x", "2026-03-02", "2026-03-01", days_after_hour=5), "ends after"),
    "no date": (agreement("x", "March", days_after_hour=5), "from"),
    "care of another kind": (agreement("x", "2026-03-01", care="dental", days_after_hour=5), "psychiatric"),
    "no municipality": (agreement("x", "2026-03-01", municipality=[], days_after_hour=5), "municipality"),
    "a party by its name": (agreement("x", "2026-03-01", region={"value": "Region"}, days_after_hour=5), "HSA-id"),
    "a number with a dash": (
        agreement("x", "2026-04-01", region=number("232100-0131"), days_after_hour=5),
        "ten digits",
    ),
    "sooner in the afternoon": (agreement("x", "2026-03-01", days=5), "days-after-hour"),
    "an overlap by a day": (agreement("x", "2026-03-31", days_after_hour=6), "both speak"),
    "an id twice": (agreement("fem", "2026-04-01", days_after_hour=6), "id of its own"),
    "parties by two systems": (agreement("x", "2026-04-01", municipality=HSA, days_after_hour=6), "municipalities"),
}
GOOD = {
    "a year once": row("rate", year=2026, value=SEK),
    "from the day after": agreement("x", "2026-04-01", days_after_hour=6),
    "to the day before": agreement("x", "2026-02-01", "2026-02-28", days_after_hour=6),
    "of one day": agreement("x", "2026-04-01", "2026-04-01", days_after_hour=6),
    "another municipality meanwhile": agreement("x", "2026-03-31", municipality=number(NEIGHBOUR), days_after_hour=6),
    "another region meanwhile": agreement("x", "2026-03-31", region=number(NEIGHBOUR), days_after_hour=6),
    "later in the afternoon": agreement("x", "2026-04-01", days=5, days_after_hour=5),
}


@pytest.mark.parametrize("case", BAD)
def test_what_contradicts_itself_is_refused(case):
    wrong, why = BAD[case]

    with pytest.raises(BadDefinition, match=why):
        policies(STANDING, wrong)


@pytest.mark.parametrize("case", GOOD)
def test_what_does_not_is_taken(case):
    assert policies(STANDING, GOOD[case])


def test_two_kinds_of_care_do_not_overlap():
    assert policies(
        agreement("a", "2026-03-01", care="somatic", days_after_hour=5),
        agreement("b", "2026-03-01", care="psychiatric", days_after_hour=6),
    )
    with pytest.raises(BadDefinition, match="both speak"):
        policies(
            agreement("a", "2026-03-01", care="somatic", days_after_hour=5),
            agreement("b", "2026-03-01", days_after_hour=6),
        )


@pytest.mark.parametrize("name", ["days", "hour", "zone", "late-call"])
def test_a_statute_that_leaves_a_row_out_is_refused(name):
    with pytest.raises(BadDefinition, match=name):
        policies_of({FILE: without(name)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zone", {"valueString": "Europe/Nowhere"}),
        ("hour", {"valueTime": "noon"}),
        ("discharge-day", {"valueCode": "no"}),
        ("rolling-months", {"valueUnsignedInt": 0}),
        ("threshold", {"valueDecimal": -1}),
        ("days", {"valueBoolean": True}),
    ],
    ids=["zone", "hour", "discharge-day", "rolling-months", "threshold", "days"],
)
def test_a_value_that_means_nothing_is_refused(name, value):
    with pytest.raises(BadDefinition, match=name):
        policies_of({FILE: with_value(name, **value)})


def test_another_hour_is_taken():
    assert time(14) == policies_of({FILE: with_value("hour", valueTime="14:00:00")}).statute.hour
