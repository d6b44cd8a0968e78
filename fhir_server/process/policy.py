"""By which rules a discharge is settled: the statute's, and over them what a region and a municipality have agreed on, each in its time.

The statute's rows are `profiles/Parameters-discharge-policy.json`; a deployment's agreements and rates stand there too or in files
beside it, `Parameters-discharge-policy-….json`. 4 kap. 4 and 5 §§ and 5 kap. lagen (2017:612).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.naming import folded, system_of
from fhir_server.process.clock import day_of
from fhir_server.process.policy_row import ROWS, Row, Told

FILES = "Parameters-discharge-policy"
"""What the names of the files begin with."""
FILE = f"{FILES}.json"
CARE = frozenset({"somatic", "psychiatric"})
"""The kinds of inpatient care that an agreement may tell apart."""
AMOUNT = "amount"
"""What only an agreement says; without it a day costs what the nation's does that year."""
_TEN_DIGITS = re.compile(r"[0-9]{10}", re.ASCII)
_TERMS = frozenset({"id", "region", "municipality", "care", "from", "to"})


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one case; the reasons of the fields stand in the file. `amount` is what was agreed on for a day, `rates` the
    national average cost of one by year; `sources` says for each row what it rests on, `unverified` names those that a lawyer has to confirm, `agreement` is empty for
    the statute.
    """

    days: int
    days_after_hour: int
    hour: time
    zone: ZoneInfo
    counted: str
    discharge_day: bool
    late_notice: str
    late_call: str
    leave: str
    payer: str
    model: str
    threshold: Decimal
    rolling_months: int
    readmission_days: int
    rates: Mapping[int, Decimal] = field(default_factory=dict)
    amount: Decimal | None = None
    agreement: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    unverified: frozenset[str] = frozenset()

    def rate_of(self, year: int) -> Decimal | None:
        """What a day of a year costs, in kronor; None where nobody has said it."""
        return self.rates.get(year) if self.amount is None else self.amount


@dataclass(frozen=True, slots=True)
class Agreement:
    """A region's with municipalities (`system|value`), from one local date to another, both of them within it."""

    id: str
    region: str
    municipalities: frozenset[str]
    care: frozenset[str]
    first: date
    last: date
    policy: Policy

    def is_between(self, region: Collection[str], municipality: Collection[str]) -> bool:
        """Whether it is of these two, each told by all its identifiers."""
        return self.region in region and not self.municipalities.isdisjoint(municipality)

    def is_of(self, care: str, day: date) -> bool:
        """Whether it speaks of a kind of care on a day."""
        return care in self.care and self.first <= day <= self.last

    def overlaps(self, other: "Agreement") -> bool:
        """Whether both would speak of one case."""
        together = self.region == other.region and self.municipalities & other.municipalities and self.care & other.care
        return bool(together) and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Policies:
    """The statute, and the agreements that override it."""

    statute: Policy
    agreements: tuple[Agreement, ...] = ()

    def policy_of(self, region: Collection[str], municipality: Collection[str], care: str, at: int) -> Policy:
        """The rules of a case whose discharge-ready notice was sent at a moment (milliseconds since 1970); `care` is one of CARE,
        the parties are their identifiers, `system|value` with the system's preferred form.
        """
        day = day_of(at, self.statute.zone)
        agreed = (one for one in self.agreements if one.is_between(region, municipality) and one.is_of(care, day))
        return next((one.policy for one in agreed), self.statute)


@cache
def load_policies() -> Policies:
    """Those of `profiles/`, read once. BadDefinition."""
    return policies_of(dict(one for one in read("profiles") if one[0].startswith(FILES)))


def policies_of(definitions: Mapping[str, Row]) -> Policies:
    """Those that definitions say, by file name. BadDefinition for a row that there is not, or twice, or not; for one that says what it
    may not; for an agreement that contradicts itself, and for two that both speak of one case.
    """
    told = [Told(file, row) for file, definition in definitions.items() for row in definition.get("parameter", ())]
    rules = [one for one in told if one.name not in {"rate", "agreement"}]
    statute = _statute(rules, _rates(one for one in told if one.name == "rate"))
    agreements = tuple(_agreement(one, statute) for one in told if one.name == "agreement")
    _refuse_strangers(agreements)
    _refuse_overlaps(agreements)
    return Policies(statute, agreements)


def _statute(rules: Sequence[Told], rates: Mapping[int, Decimal]) -> Policy:
    names = [one.name for one in rules]
    if sorted(names) != sorted(ROWS):
        wrong = sorted({name for name in names if names.count(name) > 1} | (set(names) ^ ROWS.keys()))
        raise BadDefinition(f"{FILE}: {', '.join(wrong)}: each row that there is stands there once")
    for one in rules:
        one.refuse_others({"value", "unverified"})
    values = {_field(one.name): one.value(one.name) for one in rules}
    sources = {one.name: str(one.one("source")) for one in rules}
    unverified = frozenset(one.name for one in rules if "unverified" in one.parts)
    found = Policy(**values, rates=rates, sources=sources, unverified=unverified)
    _refuse_contradiction(found, rules[0])
    return found


def _field(name: str) -> str:
    return name.replace("-", "_")


def _rates(told: Iterable[Told]) -> Mapping[int, Decimal]:
    rates: dict[int, Decimal] = {}
    for one in told:
        one.refuse_others({"year", "value"})
        year = one.year()
        if year in rates:
            raise one.bad(f"{year} stands there twice")
        rates[year] = one.amount("value")
    return rates


def _agreement(told: Told, statute: Policy) -> Agreement:
    told.refuse_others(_TERMS | ROWS.keys() | {AMOUNT})
    first, last = told.day("from"), told.day("to") if "to" in told.parts else date.max
    care = frozenset(told.parts.get("care", CARE))
    if last < first or not care <= CARE:
        raise told.bad(f"it ends after it begins, and is about {' or '.join(sorted(CARE))} care")
    municipalities = frozenset(_party(told, one) for one in told.parts.get("municipality", ()))
    if not municipalities:
        raise told.bad("it names a municipality")
    region = _party(told, told.one("region"))
    return Agreement(str(told.one("id")), region, municipalities, care, first, last, _overridden(told, statute))


def _overridden(told: Told, statute: Policy) -> Policy:
    """The statute with what an agreement names in its place."""
    named = [name for name in told.parts if name in ROWS]
    values = {_field(name): told.value(name, name) for name in named}
    if AMOUNT in told.parts:
        values[AMOUNT] = told.amount(AMOUNT)
    if not values:
        raise told.bad("it says nothing of its own")
    agreed = dict.fromkeys((name for name in told.parts if name in {*ROWS, AMOUNT}), str(told.one("source")))
    found = replace(
        statute,
        **values,
        agreement=str(told.one("id")),
        sources={**statute.sources, **agreed},
        unverified=statute.unverified - agreed.keys(),
    )
    _refuse_contradiction(found, told)
    return found


def _refuse_contradiction(policy: Policy, told: Told) -> None:
    if policy.days_after_hour < policy.days:
        raise told.bad("what is sent after the hour leads to liability no sooner: days-after-hour is less than days")


def _party(told: Told, identifier: Any) -> str:
    number, hsa = system_of("organisationsnummer"), system_of("hsa-id")
    system = folded(str(identifier.get("system"))) if isinstance(identifier, dict) else ""
    value = str(identifier.get("value", "")) if system in {number, hsa} else ""
    if not value or (system == number and not _TEN_DIGITS.fullmatch(value)):
        raise told.bad("a party is named by its organisationsnummer, ten digits, or its HSA-id")
    return f"{system}|{value}"


def _refuse_strangers(agreements: Collection[Agreement]) -> None:
    """Where some name a municipality by its number and some by its HSA-id, nobody would see that two are of one."""
    for role, parties in (
        ("regions", {one.region for one in agreements}),
        ("municipalities", {party for one in agreements for party in one.municipalities}),
    ):
        if len({party.partition("|")[0] for party in parties}) > 1:
            raise BadDefinition(f"{FILES}: agreements name {role} by one system of identifiers, all of them")


def _refuse_overlaps(agreements: Collection[Agreement]) -> None:
    ids = [one.id for one in agreements]
    if len(set(ids)) < len(ids):
        raise BadDefinition(f"{FILES}: each agreement has an id of its own")
    for one, other in combinations(agreements, 2):
        if one.overlaps(other):
            raise BadDefinition(f"{FILES}: {one.id} and {other.id} both speak of one case")
