"""The clocks of a discharge, row by row, each with the paragraph that it rests on; what is expected was counted by hand."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_server.process.discharge.average import average
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.liability import liability
from fhir_server.process.policy import Policy
from tests.process.discharge.house import (
    MUNICIPALITY,
    NEIGHBOUR,
    REGION,
    TERMS,
    agreement,
    at,
    away,
    moments,
    party,
    policies,
    said,
    stay,
)

LAW = policies().statute
WORKDAYS = replace(LAW, counted="workdays")
FROM_CALL = replace(LAW, late_call="from-call")
WITH_LAST_DAY = replace(LAW, discharge_day=True)
PAUSES, COUNTS = LAW, replace(LAW, leave="counts")
TWO_YEARS = replace(LAW, rates={2025: Decimal(1000), 2026: Decimal(2000)})
ONE_YEAR = replace(LAW, rates={2025: Decimal(1000)})
AGREED = policies(
    agreement("fem-dagar", "2026-03-01", "2026-06-30", care="somatic", days=5, days_after_hour=6),
    agreement("psykiatri", "2026-03-01", care="psychiatric", days=30, days_after_hour=30),
    agreement("belopp", "2026-07-01", care="somatic", amount={"value": 5000, "currency": "SEK"}),
)


def agreed(ready: str, care: str = "somatic", municipality: str = MUNICIPALITY) -> Policy:
    return AGREED.policy_of(party(REGION), party(municipality), care, at(ready))


@dataclass(frozen=True)
class Row:
    """What is expected: the first day that can be liable (empty: none), the liable days, and where it is told the amount."""

    paragraph: str
    name: str
    begins: str
    days: int
    course: Course
    policy: Policy = LAW
    now: str = "2030-01-01 00:00"
    amount: int | str | None = "not told"


def first(paragraph: str, name: str, begins: str, ready: str, policy: Policy = LAW) -> Row:
    """A row of the first day alone: the person goes home as it begins."""
    return Row(paragraph, name, begins, 0, stay(ready, f"{begins} 00:00"), policy)


NOON, AFTER = "09:30", "15:00"
MONDAY = "2026-03-02 10:00"
"""Leads to Thursday the 5th."""
WEEKDAYS = [
    first("5:4", "Monday morning to Thursday", "2026-03-05", f"2026-03-02 {NOON}"),
    first("5:4", "Monday afternoon to Friday", "2026-03-06", f"2026-03-02 {AFTER}"),
    first("5:4", "Tuesday morning to Friday", "2026-03-06", f"2026-03-03 {NOON}"),
    first("5:4", "Tuesday afternoon to Saturday", "2026-03-07", f"2026-03-03 {AFTER}"),
    first("5:4", "Wednesday morning to Saturday", "2026-03-07", f"2026-03-04 {NOON}"),
    first("5:4", "Wednesday afternoon to Sunday", "2026-03-08", f"2026-03-04 {AFTER}"),
    first("5:4", "Thursday morning to Sunday", "2026-03-08", f"2026-03-05 {NOON}"),
    first("5:4", "Thursday afternoon to Monday", "2026-03-09", f"2026-03-05 {AFTER}"),
    first("5:4", "Friday morning to Monday", "2026-03-09", f"2026-03-06 {NOON}"),
    first("5:4", "Friday afternoon to Tuesday", "2026-03-10", f"2026-03-06 {AFTER}"),
    first("5:4", "Saturday morning to Tuesday", "2026-03-10", f"2026-03-07 {NOON}"),
    first("5:4", "Saturday afternoon to Wednesday", "2026-03-11", f"2026-03-07 {AFTER}"),
    first("5:4", "Sunday morning to Wednesday", "2026-03-11", f"2026-03-08 {NOON}"),
    first("5:4", "Sunday afternoon to Thursday", "2026-03-12", f"2026-03-08 {AFTER}"),
    first("5:4", "Good Friday is a day like others", "2026-04-06", f"2026-04-03 {NOON}"),
    first("5:4", "Christmas Eve is a day like others", "2026-12-27", f"2026-12-24 {NOON}"),
    first("5:4", "Midsummer Eve is a day like others", "2026-06-22", f"2026-06-19 {NOON}"),
]
THE_HOUR = [
    first("5:4", "a second before noon", "2026-03-05", "2026-03-02 11:59:59"),
    first("5:4", "exactly noon is not after noon", "2026-03-05", "2026-03-02 12:00:00"),
    first("5:4", "a millisecond after noon", "2026-03-06", "2026-03-02 12:00:00.001"),
    first("5:4", "a second after noon", "2026-03-06", "2026-03-02 12:00:01"),
    first("5:4", "the last second of Sunday", "2026-03-05", "2026-03-01 23:59:59"),
    first("5:4", "midnight belongs to Monday", "2026-03-05", "2026-03-02 00:00:00"),
    first("5:4", "the last second of Monday", "2026-03-06", "2026-03-02 23:59:59"),
]
DAYLIGHT = [
    first("5:4", "over the spring change", "2026-03-30", "2026-03-27T10:00:00+01:00"),
    first("5:4", "noon the day before the spring change", "2026-03-31", "2026-03-28T12:00:00+01:00"),
    first("5:4", "noon the day of the spring change", "2026-04-01", "2026-03-29T12:00:00+02:00"),
    first("5:4", "a second later, the day of the spring change", "2026-04-02", "2026-03-29T12:00:01+02:00"),
    first("5:4", "half past eleven by winter time is past noon", "2026-04-02", "2026-03-29T11:30:00+01:00"),
    first("5:4", "half past twelve at night, told in UTC", "2026-04-01", "2026-03-28T23:30:00+00:00"),
    first("5:4", "over the autumn change", "2026-10-27", "2026-10-24T12:00:00+02:00"),
    first("5:4", "noon the day of the autumn change", "2026-10-28", "2026-10-25T12:00:00+01:00"),
    first("5:4", "half past twelve by summer time is before noon", "2026-10-28", "2026-10-25T12:30:00+02:00"),
    first("5:4", "half past eleven in UTC is past noon", "2026-10-29", "2026-10-25T11:30:00+00:00"),
    Row("5:4", "the day of 25 hours is one day", "2026-10-25", 2, stay("2026-10-22 10:00", "2026-10-27 10:00")),
    Row("5:4", "the day of 23 hours is one day", "2026-03-29", 2, stay("2026-03-26 10:00", "2026-03-31 10:00")),
]
CALENDAR = [
    first("5:4", "to the leap day", "2024-02-29", "2024-02-26 10:00"),
    first("5:4", "past the leap day", "2024-03-01", "2024-02-26 12:01"),
    first("5:4", "no leap day in 2025", "2025-03-01", "2025-02-26 10:00"),
    Row("5:4", "the leap day counts", "2024-02-29", 2, stay("2024-02-26 10:00", "2024-03-02 10:00"), amount=None),
    first("5:4", "over the new year", "2026-01-01", "2025-12-29 10:00"),
    first("5:4", "the last second of the year", "2026-01-04", "2025-12-31 23:59:59"),
    first("5:4", "the first second of the year", "2026-01-04", "2026-01-01 00:00:00"),
]
OVER_NEW_YEAR = stay("2025-12-27 10:00", "2026-01-03 10:00")
"""Liable the 30th and 31st of December, the 1st and 2nd of January."""
AMOUNTS = [
    Row("5:6", "each day at the rate of its year", "2025-12-30", 4, OVER_NEW_YEAR, TWO_YEARS, amount=6000),
    Row(
        "5:6", "days without an amount where a year's is unknown", "2025-12-30", 4, OVER_NEW_YEAR, ONE_YEAR, amount=None
    ),
    Row("5:6", "2019 is known", "2019-03-07", 1, stay("2019-03-04 10:00", "2019-03-08 10:00"), amount=7800),
    Row("5:6", "2022 is known", "2022-03-10", 4, stay("2022-03-07 10:00", "2022-03-14 10:00"), amount=37200),
    Row("5:6", "2021 is not", "2021-03-11", 1, stay("2021-03-08 10:00", "2021-03-12 10:00"), amount=None),
    Row(
        "5:6",
        "no day costs nothing, in whatever year",
        "2021-03-11",
        0,
        stay("2021-03-08 10:00", "2021-03-11 10:00"),
        amount=0,
    ),
    Row(
        "4:5",
        "an amount that was agreed on",
        "2026-07-09",
        2,
        stay("2026-07-06 10:00", "2026-07-11 10:00"),
        agreed("2026-07-06 10:00"),
        amount=10000,
    ),
]
ENDS = [
    Row("5:4", "home on the first day", "2026-03-05", 0, stay(MONDAY, "2026-03-05 16:00")),
    Row(
        "5:4",
        "home on the first day, where the day counts",
        "2026-03-05",
        1,
        stay(MONDAY, "2026-03-05 16:00"),
        WITH_LAST_DAY,
    ),
    Row("5:4", "home the day after", "2026-03-05", 1, stay(MONDAY, "2026-03-06 00:00")),
    Row("5:4", "home just before midnight", "2026-03-05", 0, stay(MONDAY, "2026-03-05 23:59:59")),
    Row("5:4", "home the same day", "2026-03-05", 0, stay(MONDAY, "2026-03-02 16:00")),
    Row("5:4", "home the day before", "2026-03-05", 0, stay(MONDAY, "2026-03-04 16:00")),
    Row("5:4", "still there: today is not over", "2026-03-05", 4, stay(MONDAY), now="2026-03-09 08:00"),
    Row(
        "5:4",
        "still there, where the last day counts",
        "2026-03-05",
        5,
        stay(MONDAY),
        WITH_LAST_DAY,
        now="2026-03-09 08:00",
    ),
    Row("5:4", "not begun yet", "2026-03-05", 0, stay(MONDAY), now="2026-03-04 08:00"),
    Row("5:4", "death ends it as a discharge does", "2026-03-05", 2, stay(MONDAY, died=at("2026-03-07 03:00"))),
]
RENEWED = [
    Row("3:1", "withdrawn: nothing runs", "", 0, stay("", "2026-03-10 10:00")),
    Row("3:1", "renewed: a new clock", "2026-03-07", 3, stay("2026-03-03 14:00", "2026-03-10 10:00")),
    Row("3:1", "never withdrawn: the first clock", "2026-03-02", 8, stay("2026-02-27 10:30", "2026-03-10 10:00")),
]
HOME = "2026-03-10 10:00"
"""With MONDAY: the 5th to the 9th, 5 days."""
LEAVES = [
    Row("practice", "no leave", "2026-03-05", 5, stay(MONDAY, HOME)),
    Row(
        "practice",
        "a weekend on leave",
        "2026-03-05",
        3,
        stay(MONDAY, HOME, leaves=away(("2026-03-06 15:00", "2026-03-08 18:00"))),
    ),
    Row(
        "practice",
        "the same where leave counts",
        "2026-03-05",
        5,
        stay(MONDAY, HOME, leaves=away(("2026-03-06 15:00", "2026-03-08 18:00"))),
        COUNTS,
    ),
    Row(
        "practice",
        "an afternoon on leave",
        "2026-03-05",
        5,
        stay(MONDAY, HOME, leaves=away(("2026-03-06 13:00", "2026-03-06 18:00"))),
    ),
    Row(
        "practice",
        "back on the stroke of midnight",
        "2026-03-05",
        4,
        stay(MONDAY, HOME, leaves=away(("2026-03-06 13:00", "2026-03-07 00:00"))),
    ),
    Row("practice", "home from leave", "2026-03-05", 3, stay(MONDAY, HOME, leaves=away(("2026-03-08 13:00", "")))),
    Row(
        "practice",
        "two leaves",
        "2026-03-05",
        3,
        stay(
            MONDAY,
            HOME,
            leaves=away(("2026-03-05 13:00", "2026-03-06 13:00"), ("2026-03-07 13:00", "2026-03-08 13:00")),
        ),
    ),
    Row(
        "practice",
        "leave before the first day moves nothing",
        "2026-03-05",
        5,
        stay(MONDAY, HOME, leaves=away(("2026-03-03 08:00", "2026-03-04 08:00"))),
    ),
]
SIP = {"planned": True}
LAST = "2026-03-05 23:59:59.999"
"""The last moment of the call, with MONDAY."""
FOOTING = [
    Row("5:3", "no admission notice", "", 0, stay(MONDAY, HOME, notified=None)),
    Row("5:3", "an admission notice in time", "2026-03-05", 5, stay(MONDAY, HOME, assessed=at("2026-02-25 10:00"), notified=at("2026-02-26 10:00"))),
    Row("5:3", "an admission notice a second late, which is let pass", "2026-03-05", 5, stay(MONDAY, HOME, assessed=at("2026-02-25 10:00"), notified=at("2026-02-26 10:00:01"))),
    Row("5:3", "the same, read strictly", "", 0, stay(MONDAY, HOME, assessed=at("2026-02-25 10:00"), notified=at("2026-02-26 10:00:01")), replace(LAW, late_notice="strict")),
    Row("5:3", "in time, read strictly", "2026-03-05", 5, stay(MONDAY, HOME, assessed=at("2026-02-25 10:00"), notified=at("2026-02-26 10:00")), replace(LAW, late_notice="strict")),
    Row("5:3", "an admission notice after the discharge-ready one", "", 0, stay(MONDAY, HOME, notified=at("2026-03-02 10:01"))),
    Row("5:3", "no discharge-ready notice", "", 0, stay("", HOME)),
    Row("5:3", "the call at the last moment", "2026-03-05", 5, stay(MONDAY, HOME, calls=moments(LAST), **SIP)),
    Row("5:3", "the call a moment later", "", 0, stay(MONDAY, HOME, calls=moments("2026-03-06 00:00"), **SIP)),
    Row("5:3", "a late call, from the day of the call", "2026-03-06", 4, stay(MONDAY, HOME, calls=moments("2026-03-06 00:00"), **SIP), FROM_CALL),
    Row("5:3", "a late call, later", "2026-03-08", 2, stay(MONDAY, HOME, calls=moments("2026-03-08 14:00"), **SIP), FROM_CALL),
    Row("5:3", "a call in time moves nothing", "2026-03-05", 5, stay(MONDAY, HOME, calls=moments("2026-03-03 14:00"), **SIP), FROM_CALL),
    Row("5:3", "no call at all", "", 0, stay(MONDAY, HOME, **SIP)),
    Row("5:3", "no call at all, from the day of the call", "", 0, stay(MONDAY, HOME, **SIP), FROM_CALL),
    Row("5:3", "no call yet, and time for it", "", 0, stay(MONDAY, **SIP), now="2026-03-05 12:00"),
    Row("5:3", "a call before the discharge-ready notice", "2026-03-05", 5, stay(MONDAY, HOME, calls=moments("2026-02-27 14:00"), **SIP)),
    Row("5:3", "no SIP is to be made", "2026-03-05", 5, stay(MONDAY, HOME, planned=False)),
    Row("5:3", "nobody has spoken of a SIP", "2026-03-05", 5, stay(MONDAY, HOME, planned=None)),
    Row("5:3", "a late call says that a SIP is to be made", "", 0, stay(MONDAY, HOME, planned=None, calls=moments("2026-03-06 09:00"))),
    Row("5:3", "an afternoon's notice gives the call no fourth day", "", 0, stay("2026-03-02 15:00", HOME, calls=moments("2026-03-06 09:00"), **SIP)),
]  # fmt: skip
MOMENTS = [
    Row("5:3", "both notices at one moment", "2026-03-05", 5, stay(MONDAY, HOME, notified=at(MONDAY))),
    Row("practice", "back at the last moment of a day", "2026-03-05", 5, stay(MONDAY, HOME, leaves=away(("2026-03-06 13:00", "2026-03-06 23:59:59.999")))),
    Row("practice", "out at the last moment of a day", "2026-03-05", 4, stay(MONDAY, HOME, leaves=away(("2026-03-06 23:59:59.999", "2026-03-07 13:00")))),
]  # fmt: skip
READINESS = [
    Row("5:5", "open care has said nothing", "2026-03-05", 0, stay(MONDAY, HOME, available="")),
    Row("5:5", "not clarified", "2026-03-05", 0, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "not-clarified")))),
    Row("5:5", "not available", "2026-03-05", 0, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "unavailable")))),
    Row("5:5", "available before the first day", "2026-03-05", 5, stay(MONDAY, HOME, readiness=said(("2026-03-04 23:00", "available")))),
    Row("5:5", "available from the morning of the third", "2026-03-05", 2, stay(MONDAY, HOME, readiness=said(("2026-03-07 10:00", "available")))),
    Row("5:5", "available from the first moment of the third", "2026-03-05", 3, stay(MONDAY, HOME, readiness=said(("2026-03-07 00:00", "available")))),
    Row("5:5", "no longer from the third", "2026-03-05", 2, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "available"), ("2026-03-07 10:00", "unavailable")))),
    Row("5:5", "gone for an hour on one day", "2026-03-05", 4, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "available"), ("2026-03-07 10:00", "unavailable"), ("2026-03-07 11:00", "available")))),
    Row("5:5", "unclear over two nights", "2026-03-05", 2, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "available"), ("2026-03-06 10:00", "not-clarified"), ("2026-03-08 11:00", "available")))),
    Row("5:5", "said again changes nothing", "2026-03-05", 5, stay(MONDAY, HOME, readiness=said(("2026-03-02 11:00", "available"), ("2026-03-07 10:00", "available")))),
]  # fmt: skip
IN_WORKDAYS = [
    first("4:5", "over a weekend", "2026-03-11", "2026-03-06 10:00", WORKDAYS),
    first("4:5", "over a weekend, in the afternoon", "2026-03-12", "2026-03-06 15:00", WORKDAYS),
    first("4:5", "over Easter", "2026-04-08", "2026-04-01 10:00", WORKDAYS),
    first("4:5", "over Easter, in the afternoon", "2026-04-09", "2026-04-01 15:00", WORKDAYS),
    first("4:5", "on Good Friday", "2026-04-09", "2026-04-03 10:00", WORKDAYS),
    first("4:5", "over the first of May", "2026-05-05", "2026-04-29 10:00", WORKDAYS),
    first("4:5", "over Ascension Day", "2026-05-18", "2026-05-12 10:00", WORKDAYS),
    first("4:5", "over the national day", "2025-06-10", "2025-06-04 10:00", WORKDAYS),
    first("4:5", "over midsummer", "2026-06-23", "2026-06-17 10:00", WORKDAYS),
    first("4:5", "over Christmas", "2026-12-29", "2026-12-22 10:00", WORKDAYS),
    first("4:5", "over the new year and Epiphany", "2026-01-07", "2025-12-30 10:00", WORKDAYS),
    Row("4:5", "once begun, each day is one", "2026-03-06", 3, stay("2026-03-03 10:00", "2026-03-09 10:00"), WORKDAYS),
]
AGREEMENTS = [
    first("4:5", "the last second before the agreement", "2026-03-04", "2026-02-28 23:59:59", agreed("2026-02-28 23:59:59")),
    first("4:5", "the first second of the agreement", "2026-03-06", "2026-03-01 00:00:00", agreed("2026-03-01 00:00:00")),
    first("4:5", "the last second of the agreement", "2026-07-06", "2026-06-30 23:59:59", agreed("2026-06-30 23:59:59")),
    first("4:5", "the first second after it", "2026-07-04", "2026-07-01 00:00:00", agreed("2026-07-01 00:00:00")),
    first("4:5", "another municipality has none", "2026-03-05", MONDAY, agreed(MONDAY, municipality=NEIGHBOUR)),
    first("4:5", "psychiatric care has its own", "2026-04-01", MONDAY, agreed(MONDAY, "psychiatric")),
    first("4:5", "psychiatric care in the afternoon too", "2026-04-01", "2026-03-02 15:00", agreed(MONDAY, "psychiatric")),
    first("5:4", "psychiatric care before the agreement", "2026-03-01", "2026-02-26 10:00", agreed("2026-02-26 10:00", "psychiatric")),
    Row("4:5", "in the average model nobody is settled alone", "", 0, stay(MONDAY, HOME), replace(LAW, model="average"), amount=None),
]  # fmt: skip
ROWS = [
    *WEEKDAYS, *THE_HOUR, *DAYLIGHT, *CALENDAR, *AMOUNTS, *ENDS, *RENEWED, *LEAVES, *FOOTING, *MOMENTS, *READINESS, *IN_WORKDAYS, *AGREEMENTS,
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.paragraph} {row.name}")
def test_the_first_day_and_the_days(row):
    found = liability(row.course, row.policy, at(row.now), TERMS)

    assert (row.begins, row.days) == (str(found.begins or ""), found.days)
    if row.amount != "not told":
        assert row.amount == found.amount


def test_the_table_is_as_long_as_was_asked_for():
    assert 70 <= len(ROWS)
    assert len(ROWS) == len({(row.paragraph, row.name) for row in ROWS})


@dataclass(frozen=True)
class Month:
    """What is expected of March 2026: discharges, days, the rolling mean, the days past the threshold."""

    paragraph: str
    name: str
    discharges: int
    days: int
    rolling: str
    past: str
    courses: tuple[Course, ...]
    policy: Policy = LAW


def waited(days: int, month: int = 3, **more) -> Course:
    """Ready on the 2nd of a month of 2026, home so many days later."""
    return stay(f"2026-{month:02d}-02 15:00", f"2026-{month:02d}-{2 + days:02d} 10:00", **more)


MONTHS = [
    Month("practice", "day 0 counts as 0", 2, 4, "2.00", "0", (waited(0), waited(4))),
    Month("practice", "without it the mean is higher", 1, 4, "4.00", "1.0", (waited(4),)),
    Month("practice", "exactly the threshold is within it", 2, 6, "3.00", "0", (waited(2), waited(4))),
    Month("practice", "a day past it", 2, 7, "3.50", "1.0", (waited(2), waited(5))),
    Month("practice", "past it by less than is shown", 1000, 3001, "3.00", "1.0", (*[waited(3)] * 999, waited(4))),
    Month("practice", "three months together: within", 1, 6, "2.67", "0", (waited(6), waited(1, month=2), waited(1, month=1))),
    Month("practice", "three months together: past", 1, 4, "4.33", "1.0", (waited(4), waited(4, month=2), waited(5, month=1))),
    Month("practice", "past in all, the month itself is not", 1, 2, "4.00", "0", (waited(2), waited(6, month=2))),
    Month("practice", "three months together: exactly the threshold", 1, 4, "3.00", "0", (waited(4), waited(2, month=2))),
    Month("practice", "in workdays from a Saturday to a Monday is one", 1, 1, "1.00", "0", (stay("2026-03-07 10:00", "2026-03-09 10:00"),), WORKDAYS),
    Month("practice", "a month before them is not looked at", 1, 4, "4.00", "1.0", (waited(4), stay("2025-12-02 10:00", "2025-12-02 15:00"))),
    Month("practice", "one month alone, where it is agreed so", 1, 4, "4.00", "1.0", (waited(4), waited(0, month=2)), replace(LAW, rolling_months=1)),
    Month("5:3", "who got no admission notice does not count", 1, 4, "4.00", "1.0", (waited(4), waited(0, notified=None))),
    Month("5:3", "nor who was called late", 1, 4, "4.00", "1.0", (waited(4), waited(9, planned=True, calls=moments("2026-03-06 09:00")))),
    Month("5:3", "nor whose notice was withdrawn", 1, 4, "4.00", "1.0", (waited(4), stay("", "2026-03-05 10:00"))),
    Month("practice", "nor who is still there", 1, 4, "4.00", "1.0", (waited(4), stay("2026-03-02 15:00"))),
    Month("practice", "it is of the month of the discharge", 1, 3, "3.00", "0", (stay("2026-02-27 10:00", "2026-03-02 10:00"), stay("2026-03-30 10:00", "2026-04-20 10:00"))),
    Month("practice", "in workdays a weekend is none", 1, 1, "1.00", "0", (stay("2026-03-06 10:00", "2026-03-09 10:00"),), WORKDAYS),
    Month("practice", "nights on leave are left out", 1, 4, "4.00", "1.0", (waited(6, leaves=away(("2026-03-03 13:00", "2026-03-05 13:00"))),)),
    Month("practice", "nobody at all", 0, 0, "", "0", ()),
]  # fmt: skip


@pytest.mark.parametrize("row", MONTHS, ids=lambda row: f"{row.paragraph} {row.name}")
def test_the_average_of_a_month(row):
    found = average(row.courses, date(2026, 3, 15), row.policy, TERMS)

    assert (row.discharges, row.days) == (found.discharges, found.days)
    assert (row.rolling, Decimal(row.past)) == ("" if found.rolling is None else str(found.rolling), found.past)


def test_the_days_past_the_threshold_cost_what_the_year_says():
    dear = replace(LAW, rates={2026: Decimal(1000)})

    assert (1000, None) == tuple(
        average((waited(4),), date(2026, 3, 1), policy, TERMS).amount for policy in (dear, LAW)
    )
