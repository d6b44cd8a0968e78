"""Whether a municipality is liable for a stay, from which day, for how many days and how much, with the reasons (5 kap. lagen (2017:612)).

Settled person by person: `average` settles by the month.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from fhir_server.process.clock import day_of, days_between, reading
from fhir_server.process.discharge.course import Course
from fhir_server.process.discharge.deadline import Terms
from fhir_server.process.discharge.footing import Footing, footing
from fhir_server.process.discharge.price import price_of
from fhir_server.process.discharge.reasoning import Line, by_law, by_policy, clock_time, spans
from fhir_server.process.discharge.ward_day import counted_after, ended, is_open_care_ready, is_paused
from fhir_server.process.event import Moment
from fhir_server.process.policy import Policy


@dataclass(frozen=True, slots=True)
class Liability:
    """`liable`: for a day that has been, or for today while the person is still there. `begins` is the first day that can be liable,
    which may lie ahead; None where something is missing. `dates` are the liable days until the discharge or now. `amount` is in
    kronor, None where the rate of a year is not known.
    """

    liable: bool
    begins: date | None
    dates: tuple[date, ...]
    amount: Decimal | None
    reasoning: tuple[Line, ...]

    @property
    def days(self) -> int:
        """How many liable days there are."""
        return len(self.dates)


def liability(course: Course, policy: Policy, now: Moment, terms: Terms) -> Liability:
    """As it stands at a moment, by the policy of the time when the discharge-ready notice was sent; `terms` say how long there was
    for the admission notice and the call.
    """
    rules = _which_rules(policy)
    if policy.model == "average":
        by_average = by_policy("liability-by-average", "model", policy)
        return Liability(liable=False, begins=None, dates=(), amount=None, reasoning=(rules, by_average))
    basis = footing(course, policy, now, terms)
    if not basis.met or course.ready is None:
        none = by_law("liability-none", 5, 3)
        return Liability(False, None, (), Decimal(0), (rules, *basis.lines, none))
    return _counted(course, course.ready, policy, now, Footing(True, (rules, *basis.lines), basis.no_sooner))


def _which_rules(policy: Policy) -> Line:
    if not policy.agreement:
        return by_law("policy-statute", 5, 4)
    return by_law("policy-agreement", 4, 5, agreement=policy.agreement)


def first_day(ready: Moment, policy: Policy) -> date:
    """The first liable day of a discharge-ready notice that was sent at a moment (5:4)."""
    return counted_after(day_of(ready, policy.zone), _days_to_go(ready, policy), policy)


def _is_after_hour(ready: Moment, policy: Policy) -> bool:
    return reading(ready, policy.zone).time() > policy.hour


def _days_to_go(ready: Moment, policy: Policy) -> int:
    return policy.days_after_hour if _is_after_hour(ready, policy) else policy.days


def _counted(course: Course, ready: Moment, policy: Policy, now: Moment, basis: Footing) -> Liability:
    begins = max(first_day(ready, policy), basis.no_sooner)
    end = ended(course)
    until = now if end is None else end
    last = day_of(until, policy.zone) + timedelta(days=int(policy.discharge_day))
    days = _Days(course, tuple(days_between(begins, last)), until, policy)
    today = _Days(course, (day_of(now, policy.zone),), until, policy)
    is_today = end is None and begins <= today.all[0] and bool(today.liable)
    price = price_of(_by_year(days.liable), policy)
    reasoning = (
        *basis.lines,
        *_beginning(ready, begins, policy),
        *_left_out(days, policy),
        _ending(course, until, policy),
        _sum(days.liable),
        *price.lines,
    )
    return Liability(bool(days.liable) or is_today, begins, days.liable, price.amount, reasoning)


class _Days:
    """The days from the first that can be liable until a moment, and why some of them are not."""

    def __init__(self, course: Course, days: tuple[date, ...], until: Moment, policy: Policy) -> None:
        self.all = days
        self.unready = tuple(day for day in days if not is_open_care_ready(course, day, until, policy))
        self.away = tuple(day for day in days if is_paused(course, day, until, policy))
        self.liable = tuple(day for day in days if day not in {*self.unready, *self.away})


def _beginning(ready: Moment, begins: date, policy: Policy) -> Iterator[Line]:
    said = {"when": clock_time(ready, policy), "hour": policy.hour.isoformat(), "days": _days_to_go(ready, policy)}
    if _is_after_hour(ready, policy):
        yield by_policy("liability-ready-after", "days-after-hour", policy, **said)
    else:
        yield by_policy("liability-ready", "days", policy, **said)
    yield by_policy(f"liability-begins-{policy.counted}", "counted", policy, day=begins)


def _left_out(days: _Days, policy: Policy) -> Iterator[Line]:
    if days.unready:
        yield by_law("liability-unready", 5, 5, days=len(days.unready), which=spans(days.unready))
    if days.away:
        yield by_policy("liability-away", "leave", policy, days=len(days.away), which=spans(days.away))


def _ending(course: Course, until: Moment, policy: Policy) -> Line:
    day = day_of(until, policy.zone)
    if ended(course) is None:
        return by_law("liability-still-there", 5, 4, day=day)
    word = "liability-died" if until == course.died else "liability-discharged"
    return by_policy(f"{word}-counts" if policy.discharge_day else word, "discharge-day", policy, day=day)


def _sum(days: tuple[date, ...]) -> Line:
    if not days:
        return by_law("liability-no-days", 5, 4)
    return by_law("liability-days", 5, 4, days=len(days), which=spans(days))


def _by_year(days: tuple[date, ...]) -> dict[int, Decimal]:
    counts = Counter(day.year for day in days)
    return {year: Decimal(counts[year]) for year in sorted(counts)}
