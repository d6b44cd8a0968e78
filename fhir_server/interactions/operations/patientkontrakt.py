"""Patient/$patientkontrakt: a person's plans, contacts, meetings and messages as one FHIR document. Nothing is stored.

https://hl7.org/fhir/R4/documents.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.instant import DAY_BY_DAY, END, instant, moment, span
from fhir_server.fhir.outcome import BadParameter
from fhir_server.interactions.call import Answer, Call, Server, Shown
from fhir_server.interactions.listing import PAGE, given_in
from fhir_server.interactions.named import NAMED, named
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.interactions.shown import shown
from fhir_server.process.clock import day_of, start_of
from fhir_server.process.contract.composition import CODES, composition
from fhir_server.process.contract.content import Content, Json, places
from fhir_server.search.query import Criterion, Identity, OfPatient, Query, Sort, Span, Token, every, some
from fhir_server.storage.store import Grant, Stored

MOST = 100
"""So many of a kind are shown, messages and plans the newest; that there are more is said."""
MOST_OF_PLANS = 1000
"""So many goals, and so many actions of each type."""
LOOKS_BACK = timedelta(days=365)
"""So long ago a plan may have been completed."""
URIS = "urn:ietf:rfc:3986"
BESIDE = NAMED | {"RelatedPerson"}

OPEN_PLANS = ("active", "on-hold")
TEAMS = ("active", "suspended")
MEETINGS = ("proposed", "pending", "booked", "arrived", "checked-in", "waitlist", "fulfilled")
MESSAGES = ("in-progress", "completed")
"""The states that are told of; what is a draft, was called off or entered in error is not."""


async def patientkontrakt(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and a Bundle of type document; NotFound where there is no such patient, BadParameter for what asks for a part of it."""
    given_in(call, "$patientkontrakt", "start")
    _refuse_parts(call)
    now = server.clock()
    plans_from, meetings_from = _days(call, day_of(now))
    reading = _Reading(call, grant, server)
    content = await reading.content(plans_from, meetings_from, now)
    opening = composition(content, reading.title, server.base, str(server.statement["software"]["name"]))
    return Answer(200, encode(_document(opening, reading.seen, now, server)), seen=tuple(reading.seen))


def _refuse_parts(call: Call) -> None:
    for name, value in call.parameters:
        if name in {"_elements", PAGE} or (name == "_summary" and value != "false"):
            raise BadParameter.because("document-whole", name=name)


def _days(call: Call, today: date) -> tuple[date, date]:
    """The days from which completed plans and meetings are shown."""
    value = parameter(call, "start")
    if value is None:
        return today - LOOKS_BACK, today
    told = moment(value) if isinstance(value, str) else None
    if told is None or told.precision != DAY_BY_DAY:
        raise BadParameter.because("parameter-value", name="start", expected="a day: 2026-03-02")
    start = date.fromisoformat(value)
    return start, start


def _from(parameter: str, start: int) -> Span:
    """What ends at this moment or later, or never."""
    return Span(parameter, "gt", start - 1, start - 1)


def _begun(text: str) -> int:
    """The first millisecond of a date or time, one without a zone as the index has it; the end of time for none."""
    found = span(text)
    return END if found is None else found[0]


def _plan_order(plan: Json) -> tuple[bool, bool, int]:
    """What is completed last, what began latest first, and after it what does not say when."""
    start = _begun(plan.get("period", {}).get("start", ""))
    return plan["status"] == "completed", start == END, -start


def _in(*states: str) -> Criterion:
    return some(*(Token("status", None, state) for state in states))


@dataclass(slots=True)
class _Reading:
    """What is read of a person under the caller's Grant, as the caller is shown it."""

    call: Call
    grant: Grant
    server: Server
    seen: list[Shown] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)

    async def content(self, plans_from: date, meetings_from: date, now: int) -> Content:
        """All of it, in the order in which it is told. NotFound, Gone, Unavailable."""
        (patient,) = await self._show([await self.server.store.read("Patient", self.call.id, self.grant)])
        plans = await self._plans(plans_from)
        goals = await self._named_by("Goal", [it for plan in plans for it in plan.get("goal", ())])
        steps = [it["reference"] for plan in plans for it in plan.get("activity", ()) if "reference" in it]
        requests = await self._named_by("ServiceRequest", steps)
        tasks = await self._named_by("Task", steps)
        teams = await self._found("contacts", "CareTeam", _in(*TEAMS))
        upcoming = every(_in(*MEETINGS), _from("date", start_of(meetings_from)))
        meetings = await self._found("appointments", "Appointment", upcoming, Sort("date"))
        messages = await self._found("messages", "Communication", _in(*MESSAGES), Sort("sent", descending=True))
        beside = await self._beside()
        return Content(
            patient,
            plans,
            goals,
            [*requests, *tasks],
            teams,
            meetings,
            messages,
            beside,
            now,
            self._display,
            frozenset(self.cut),
        )

    async def _plans(self, start: date) -> list[Json]:
        completed = every(_in("completed"), _from("date", _begun(start.isoformat())))
        found = await self._found("plans", "CarePlan", some(_in(*OPEN_PLANS), completed), Sort("date", descending=True))
        return sorted(found, key=_plan_order)

    async def _found(self, section: str, type: str, where: Criterion, *sort: Sort) -> list[Json]:
        query = Query(type, every(self._own, where), sort)
        page = await self.server.store.search(query, self.grant, count=MOST, total=False)
        if page.next is not None:
            self.cut.add(section)
        return await self._show(page.items)

    async def _named_by(self, type: str, references: Sequence[Json]) -> list[Json]:
        """What is referred to of a type, each once, in the order of the references."""
        order = {place.partition("/")[2]: None for place in places(references) if place.startswith(f"{type}/")}
        if not order:
            return []
        query = Query(type, every(self._own, Identity(frozenset(order))))
        page = await self.server.store.search(query, self.grant, count=MOST_OF_PLANS, total=False)
        if page.next is not None:
            self.cut.add("goals-and-actions")
        by_id = {stored.id: stored for stored in page.items}
        return await self._show([by_id[id] for id in order if id in by_id])

    async def _beside(self) -> list[Json]:
        """The people and units that are named, and whom these name: a role is that of a person at a unit."""
        first = await self._new([it async for it in named(self.seen, self.grant, self.server, BESIDE)])
        second = await self._new([it async for it in named(first, self.grant, self.server)])
        return [decode(stored.text) for stored in (*first, *second)]

    async def _new(self, found: Iterable[Stored]) -> list[Shown]:
        """Those not yet seen, of nobody or of the person concerned."""
        known = {(one.type, one.id) for one in self.seen}
        own = [it for it in found if (it.type, it.id) not in known and {*it.patients} <= {self.call.id}]
        showing = list(await shown(own, self.call, self.server))
        self.seen += showing
        return showing

    async def _show(self, found: Sequence[Stored]) -> list[Json]:
        showing = await shown(found, self.call, self.server)
        self.seen += showing
        return [decode(stored.text) for stored in showing]

    def title(self, code: str) -> str:
        """What a part of the document is called in the language asked for."""
        return self._display(CODES, code, self.call.language)

    def _display(self, system: str, code: str, language: str = "sv") -> str:
        concept = self.server.content.terminology.concept(system, code)
        return concept.display(language) if concept is not None else ""

    @property
    def _own(self) -> Criterion:
        return OfPatient(frozenset({self.call.id}))


def _document(opening: Json, seen: Iterable[Shown], now: int, server: Server) -> Json:
    entries = ({"fullUrl": f"{server.base}/{it.type}/{it.id}", "resource": msgspec.Raw(it.text)} for it in seen)
    return {
        "resourceType": "Bundle",
        "identifier": {"system": URIS, "value": _urn(server, "Bundle")},
        "type": "document",
        "timestamp": instant(now),
        "entry": [{"fullUrl": _urn(server, "Composition"), "resource": opening}, *entries],
    }


def _urn(server: Server, type: str) -> str:
    return f"urn:uuid:{server.new_id(type)}"
