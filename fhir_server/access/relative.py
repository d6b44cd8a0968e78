"""Guardians and proxies: which relations make somebody one, and until what age a child has a guardian who reads, by
`security/Parameters-relatives.json`; nobody is either where an identity is protected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.fhir.definitions import BadDefinition, parts_of, read
from fhir_server.fhir.instant import BEGINNING, END, SECOND, day_of

FILE = "Parameters-relatives.json"
GUARDIAN, PROXY = "guardian", "proxy"


@dataclass(frozen=True, slots=True)
class Limit:
    """How old a child may be, by the days of a time zone, while this is so: from `start` until `until`, which is not included
    (milliseconds since 1970).
    """

    age: int
    zone: ZoneInfo
    start: int
    until: int

    def childhood(self, born: date) -> tuple[int, int]:
        """From when until when a child of this birthday has a guardian who reads, the end not included."""
        return self.start, min(self.until, _midnight(_birthday(born, self.age), self.zone))


def _birthday(born: date, age: int) -> date:
    """Who was born on a leap day is a year older on the first of March, where there is no leap day."""
    year = born.year + age
    if year > MAXYEAR:
        return date.min  # nobody is born so late
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _midnight(day: date, zone: ZoneInfo) -> int:
    if day == date.min:
        return BEGINNING
    return int(datetime.combine(day, time(), zone).timestamp()) * SECOND


@dataclass(frozen=True, slots=True)
class Relationships:
    """What the table says: `roles` by (system, code) of a relationship, the `limits` of childhood, and the labels of `protected`
    identity.
    """

    roles: Mapping[tuple[str, str], str]
    limits: Sequence[Limit]
    protected: frozenset[tuple[str, str]]

    def roles_of(self, relative: Mapping[str, Any]) -> frozenset[str]:
        """As what a RelatedPerson may act."""
        found = (self.roles.get(code) for concept in relative.get("relationship", ()) for code in _codes(concept))
        return frozenset(role for role in found if role is not None)

    def childhood(self, patient: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
        """The stretches in which a Patient is a child who has a guardian who reads, their ends not included; none where the whole
        birthday is not known.
        """
        born = day_of(patient.get("birthDate", ""))
        return iter(()) if born is None else (limit.childhood(born) for limit in self.limits)

    def protect(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource is labelled so that nobody acts for whom it tells of."""
        return not self.protected.isdisjoint(map(_code, resource.get("meta", {}).get("security", ())))


def _codes(concept: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return map(_code, concept.get("coding", ()))


def _code(coding: Mapping[str, Any]) -> tuple[str, str]:
    return coding.get("system", ""), coding.get("code", "")


# ------------------------------------------------------------------------------------------------ the table


@cache
def load_relationships(protected: tuple[tuple[str, str], ...]) -> Relationships:
    """The table of `security/`, read once, for a server that protects identities by these labels. BadDefinition."""
    return relationships_of(dict(read("security"))[FILE], protected)


def relationships_of(definition: Mapping[str, Any], protected: Iterable[tuple[str, str]]) -> Relationships:
    """What a definition says. BadDefinition for a row that nobody reads, a role or a time zone that there is not, and a row that
    leaves something out.
    """
    rows: dict[str, list[dict[str, list[Any]]]] = {"relation": [], "guardian-until": []}
    for parameter in definition["parameter"]:
        if parameter["name"] not in rows:
            raise BadDefinition(f"{FILE}: nobody reads {parameter['name']}")
        rows[parameter["name"]].append(parts_of(parameter))
    try:
        return Relationships(
            {code: _role(told) for told in rows["relation"] for code in _coded(told)},
            tuple(map(_limit, rows["guardian-until"])),
            frozenset(protected),
        )
    except KeyError as missing:
        raise BadDefinition(f"{FILE}: a row has nothing that says {missing}") from None


def _coded(told: Mapping[str, list[Any]]) -> Iterable[tuple[str, str]]:
    (system,) = told["system"]
    return [(system, code) for code in told["code"]]


def _role(told: Mapping[str, list[Any]]) -> str:
    role = str(told["as"][0])
    if role not in {GUARDIAN, PROXY}:
        raise BadDefinition(f"{FILE}: {role} is neither {GUARDIAN} nor {PROXY}")
    return role


def _limit(told: Mapping[str, list[Any]]) -> Limit:
    name, valid = told["time-zone"][0], told["valid"][0]
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadDefinition(f"{FILE}: {name} is no time zone") from None
    start, end = day_of(valid.get("start", "")), day_of(valid.get("end", ""))
    return Limit(
        told["age"][0],
        zone,
        BEGINNING if start is None else _midnight(start, zone),
        END if end is None else _midnight(end + timedelta(days=1), zone),
    )
