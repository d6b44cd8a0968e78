"""A server on paper, which does what it is asked and tells the truth: what the judgement is tried on."""

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.storage.store import Entry, Notice
from tests.faults.programs.evidence import Evidence, Read, Search, Version
from tests.faults.programs.generate import urn_of
from tests.faults.programs.told import METHODS, Told
from tests.faults.programs.write import (
    KINDS,
    Json,
    Place,
    Step,
    Write,
    identifiers_of,
    made_of,
    people_of,
)
from tests.storage.contract import NOON

STATUSES = {"create": 201, "update": 200, "patch": 200, "delete": 204}


class Honest:
    """Does steps one after the other."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.histories: dict[Place, tuple[Version, ...]] = {}
        self.entries: list[Entry] = []
        self.notices: list[tuple[int, Notice]] = []
        self._requests = 0

    def do(self, *writes: Write, kind: str = "alone", answered: bool = True) -> None:
        """A step, its answer told or lost."""
        self._requests += 1
        step, request = Step(kind, writes), f"request {self._requests}"
        self.told += [self._done(write, step, request, answered=answered) for write in writes]

    def forget(self, *writes: Write, kind: str = "alone") -> None:
        """A step that was sent, never done and never answered."""
        self.told += [Told(write, Step(kind, writes)) for write in writes]

    def refuse(self, write: Write, status: int, key: str) -> None:
        self._requests += 1
        self.told.append(Told(write, Step("alone", (write,)), status, request=f"request {self._requests}", keys=(key,)))

    def _done(self, write: Write, step: Step, request: str, *, answered: bool) -> Told:
        place = self._place(write)
        before = self.histories.get(place, ())
        if write.interaction == "create" and before:  # it is found
            told = Told(write, step, 200, place, before[0].number, before[0].text, request)
            return told if answered else Told(write, step)
        version = self._version(write, step, place, before)
        self.histories[place] = (version, *before)
        status = 201 if version.number == 1 else STATUSES[write.interaction]
        self._trace(write, place, version.number, request)
        told = Told(write, step, status, place, version.number, version.text, request)
        return told if answered else Told(write, step)

    def _place(self, write: Write) -> Place:
        found = [place for place, own in self.histories.items() if write.person in people_of(own[0].resource)]
        return write.place or next(iter(found), (write.type, f"of-{write.token}"))

    def _version(self, write: Write, step: Step, place: Place, before: tuple[Version, ...]) -> Version:
        number, updated = len(before) + 1, instant(NOON + len(self.entries))
        method, status = METHODS[write.interaction], "201" if number == 1 else "200"
        if write.interaction == "delete":
            return Version(number, updated, method, "204")
        body = self._resolved(made_of(write, before[0].resource if before else {}), step)
        meta = {"versionId": str(number), "lastUpdated": updated}
        text = encode({"resourceType": place[0], "id": place[1], "meta": meta} | body)
        return Version(number, updated, method, status, text)

    def _resolved(self, body: Json, step: Step) -> Json:
        names = {urn_of(write): "/".join(self._place(write)) for write in step.writes}
        anchor = KINDS[body["resourceType"]].anchor
        pointed = body.get(anchor, {}).get("reference", "")
        return body | {anchor: {"reference": names[pointed]}} if pointed in names else body

    def _trace(self, write: Write, place: Place, version: int, request: str) -> None:
        status = STATUSES[write.interaction]
        self.entries.append(Entry(NOON, "{}", write.interaction, status, *place, version, request=request))
        self.notices.append((version, Notice(*place, "delete" if write.interaction == "delete" else "write")))

    @property
    def evidence(self) -> Evidence:
        reads = {place: _read(versions[0]) for place, versions in self.histories.items()}
        return Evidence(self.histories, reads, self._searches(), tuple(self.entries), tuple(self.notices))

    def _searches(self) -> tuple[Search, ...]:
        live = {place: own[0].resource for place, own in self.histories.items() if own[0].text}
        return tuple(
            Search(type, tuple((it,) for it in sorted(identifiers_of(resource))), frozenset({id}))
            for (type, id), resource in live.items()
        )


def _read(version: Version) -> Read:
    return Read(200, version.number, version.text) if version.text else Read(410, None, b"")
