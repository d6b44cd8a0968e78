"""The average model: a municipality's discharges of a month, by the mean of the days that its people waited.

Agreed on in most regions (4 kap. 5 § lagen (2017:612)); how it is computed is practice: docs/liability.md says what wants checking.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from fhir_server.fhir.instant import END
from fhir_server.process.clock import day_of
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import Terms
from fhir_server.process.discharge.footing import footing
from fhir_server.process.discharge.price import price_of
from fhir_server.process.discharge.reasoning import Line, by_policy
from fhir_server.process.discharge.ward_day import days_waited
from fhir_server.process.policy import Policy

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Average:
    """A month, named by its first day: `discharges` that count, the `days` that they waited in all, their `mean`, and the `rolling`
    mean that decides (each to a hundredth, None without discharges). `past` are the days of the month past the threshold, 0 where
    the rolling mean is within it; `amount` what they cost, None where the year's rate is not known.
    """

    month: date
    discharges: int
    days: int
    mean: Decimal | None
    rolling: Decimal | None
    past: Decimal
    amount: Decimal | None
    reasoning: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Pool:
    """So many discharges, and the days that they waited."""

    discharges: int
    days: int

    @property
    def mean(self) -> Decimal | None:
        """To a hundredth."""
        if not self.discharges:
            return None
        return (Decimal(self.days) / self.discharges).quantize(_HUNDREDTH, ROUND_HALF_UP)

    def past(self, threshold: Decimal) -> Decimal:
        """The days beyond what the threshold leaves free; below 0 where fewer were waited. Not by the rounded mean."""
        return self.days - threshold * self.discharges


def average(courses: Iterable[Course], month: date, policy: Policy, terms: Terms) -> Average:
    """One municipality's month, out of all its cases, of whatever month; a person who was discharged the day of the notice counts
    with 0 days, and one for whom something that liability rests on is missing does not count. `month` is any day of it.
    """
    counted = [one for one in courses if footing(one, policy, END, terms).met]
    waits = [wait for case in counted if (wait := _wait(case, policy)) is not None]
    first = month.replace(day=1)
    window = _months_to(first, policy.rolling_months)
    own, rolling = _pool(waits, {first}), _pool(waits, window)
    past = max(own.past(policy.threshold), Decimal(0)) if rolling.past(policy.threshold) > 0 else Decimal(0)
    price = price_of({first.year: past} if past else {}, policy)
    reasoning = (_told(own, first, policy), _told_rolling(rolling, policy), *price.lines)
    return Average(first, own.discharges, own.days, own.mean, rolling.mean, past, price.amount, reasoning)


@dataclass(frozen=True, slots=True)
class _Wait:
    """The month of a discharge, and the days waited for it."""

    month: date
    days: int


def _wait(course: Course, policy: Policy) -> _Wait | None:
    if course.ready is None or course.discharged is None:
        return None
    ready, home = day_of(course.ready, policy.zone), day_of(course.discharged, policy.zone)
    return _Wait(home.replace(day=1), days_waited(course, ready, home, policy))


def _months_to(month: date, count: int) -> set[date]:
    """So many months, the last of them this one."""
    number = month.year * 12 + month.month - 1
    return {date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 1)}


def _pool(waits: Iterable[_Wait], months: set[date]) -> _Pool:
    days = [wait.days for wait in waits if wait.month in months]
    return _Pool(len(days), sum(days))


def _told(pool: _Pool, month: date, policy: Policy) -> Line:
    said = {"month": f"{month:%Y-%m}", "discharges": pool.discharges, "days": pool.days}
    if pool.mean is None:
        return by_policy("average-empty", "model", policy, month=said["month"])
    return by_policy("average-month", "model", policy, **said, mean=pool.mean)


def _told_rolling(pool: _Pool, policy: Policy) -> Line:
    months, threshold = policy.rolling_months, policy.threshold
    if pool.mean is None:
        return by_policy("average-nothing", "rolling-months", policy, months=months)
    word = "average-past" if pool.past(threshold) > 0 else "average-within"
    return by_policy(word, "threshold", policy, months=months, mean=pool.mean, threshold=threshold)
