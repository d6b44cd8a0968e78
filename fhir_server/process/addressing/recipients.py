"""Who is told of a message about a person: for each service, the unit that the addressing register gives (lag (2017:612)).

Where several rows fit a service the most specific counts: where the person is listed, then the narrower area, birth days, ages,
and a row that names the message. Where they are as specific as one another each of their units is told, and it is said.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_server.fhir.instant import day_of
from fhir_server.process import clock
from fhir_server.process.addressing.place import Places, registered_address
from fhir_server.process.addressing.row import Row, row_of
from fhir_server.process.concept import properties
from fhir_server.process.definition import MESSAGE

DIRECT, DEPUTY, CATCH_ALL = "direct", "deputy", "catch-all"
"""How a unit comes to be told: it is its own; it stands in for one that is closed; nobody else was found."""
MUNICIPAL_HEALTH_CARE, OPEN_CARE = "hsl", "primary-care"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Addressee:
    """A unit that is told (`Organization/id`), of which service, by which row (`HealthcareService/id`) and how, and its name."""

    unit: str
    service: str
    row: str
    how: str
    name: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be worked out for a service ("": for any): `address-missing`, `area-unknown` (none, or several in different
    municipalities), `birth-date-missing`, `nobody`, or `ambiguous`, where several are told.
    """

    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """Who is told, and what could not be worked out."""

    addressees: tuple[Addressee, ...]
    missing: tuple[Missing, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """The references of the units, each once."""
        return tuple(dict.fromkeys(one.unit for one in self.addressees))


@dataclass(frozen=True, slots=True)
class _Person:
    """What of somebody the register asks for: the areas around the home, the units where the person is listed, the birth date."""

    areas: tuple[str, ...]
    listed: frozenset[str]
    born: date | None


class Register:
    """The addressing register: its rows (HealthcareServices) and its areas (Locations), in any order."""

    def __init__(self, rows: Iterable[Json], areas: Iterable[Json]) -> None:
        self._rows = {row.at: row for row in sorted(map(row_of, rows), key=lambda row: row.at)}
        self._places = Places(areas)

    def addressed(self, person: Json, message: str, at: int, health_care: bool | None = None) -> Addressed:
        """Who is told of a message (CodeSystem/message) about a Patient that is sent at a moment (ms since 1970). `health_care`
        says whether municipal health care is needed: then open care is told too (2 kap. 1 §); where it is not, it is not told.
        """
        address = registered_address(person)
        areas = self._places.around(address) if address else ()
        listed = frozenset(one["reference"] for one in person.get("generalPractitioner", ()) if "reference" in one)
        whom = _Person(areas, listed, day_of(person.get("birthDate", "")))
        asked = _services(message, health_care)
        named = {row.service for row in self._fitting(whom, message, at) if row.messages}
        addressees: list[Addressee] = []
        missing: list[Missing] = list(_unknown(address, whom))
        for service in (*asked, *sorted(named - {*asked, CATCH_ALL, *_left_out(health_care)})):
            told, why = self._told(service, whom, message, at)
            addressees += told
            missing += [Missing(service, reason) for reason in why]
        return Addressed(tuple(addressees), tuple(missing))

    def _told(self, service: str, whom: _Person, message: str, at: int) -> tuple[list[Addressee], list[str]]:
        """Those who are told for a service, and what is wrong with it."""
        how = DIRECT
        found = self._most_specific(service, whom, message, at)
        if not found:
            how, found = CATCH_ALL, self._most_specific(CATCH_ALL, whom, message, at)
        told = {row.unit: row for row in (self._open(row, at) for row in found)}
        hows = {row.at: how if how == CATCH_ALL or row in found else DEPUTY for row in told.values()}
        addressees = [Addressee(row.unit, service, row.at, hows[row.at], row.name) for row in told.values()]
        return addressees, ["nobody"] if not told else ["ambiguous"] if len(told) > 1 else []

    def _most_specific(self, service: str, whom: _Person, message: str, at: int) -> list[Row]:
        fitting = [row for row in self._fitting(whom, message, at) if row.service == service]
        best = max((_specificity(row, whom) for row in fitting), default=None)
        return [row for row in fitting if _specificity(row, whom) == best]

    def _fitting(self, whom: _Person, message: str, at: int) -> Iterator[Row]:
        on = clock.day_of(at)
        for row in self._rows.values():
            near = row.unit in whom.listed or not row.areas.isdisjoint(whom.areas)
            if near and row.unit and row.holds(at) and row.takes(message) and row.is_for(whom.born, on):
                yield row

    def _open(self, row: Row, at: int) -> Row:
        """Who takes what comes to a row: its unit, or the first of its deputies that is open. Where none is, it lies with the unit
        until that opens: it was sent all the same.
        """
        asked, seen = row, {row.at}
        while not asked.is_open(at):
            deputy = self._rows.get(asked.deputy)
            if deputy is None or deputy.at in seen or not deputy.holds(at) or not deputy.unit:
                return row
            asked = deputy
            seen.add(asked.at)
        return asked


def _specificity(row: Row, whom: _Person) -> tuple[bool, int, bool, bool, bool]:
    """How specific a row is for somebody, the greater the more."""
    depths = (len(whom.areas) - place for place, area in enumerate(whom.areas) if area in row.areas)
    return row.unit in whom.listed, max(depths, default=0), bool(row.days), row.ages is not None, bool(row.messages)


def _unknown(address: Json | None, whom: _Person) -> Iterator[Missing]:
    if address is None:
        yield Missing("", "address-missing")
    elif not whom.areas:
        yield Missing("", "area-unknown")
    if whom.born is None:
        yield Missing("", "birth-date-missing")


def _services(message: str, health_care: bool | None) -> tuple[str, ...]:
    """The services that are told of a message, whether or not a row names it."""
    asked = [one for one in services_of(message) if one not in _left_out(health_care)]
    if asked and health_care:
        asked = list(dict.fromkeys((*asked, MUNICIPAL_HEALTH_CARE, OPEN_CARE)))
    return tuple(asked)


def _left_out(health_care: bool | None) -> frozenset[str]:
    return frozenset({MUNICIPAL_HEALTH_CARE}) if health_care is False else frozenset()


def services_of(message: str) -> tuple[str, ...]:
    """The services that CodeSystem/message says are told of a message; none for a code that it does not have."""
    return properties(MESSAGE, "told").get(message, ())
