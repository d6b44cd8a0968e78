"""A row of the trail as the AuditEvent that it is read as, in the shape of IHE's Basic Audit Log Patterns.

Nothing of it is stored: what a reader gets follows from the row, and the row is what the chain has sealed.
https://profiles.ihe.net/ITI/BALP/ https://hl7.org/fhir/R4/auditevent.html
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from fhir_server.audit.agent import Agent, agent_of
from fhir_server.audit.coding import (
    AUDIT,
    BALP_ENTITY,
    BUNDLES,
    DICOM,
    ENTITY_ROLE,
    ENTITY_TYPE,
    LOGIN,
    PARTICIPATION,
    PURPOSE,
    action_of,
    outcome_of,
    subtype_coding_of,
    subtype_of,
    type_coding_of,
)
from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.naming import system_of
from fhir_server.storage.rules import ENTRIES
from fhir_server.storage.store import Entry, Stored

OWN = "trail-"
"""The ids of the entries of this server's own trail begin with it: no other resource is given such an id."""

_DIGITS = 19
"""So that ids are in the order of the numbers."""

Json: TypeAlias = dict[str, Any]


def id_of(number: int) -> str:
    """The id of the entry of a number."""
    return f"{OWN}{number:0{_DIGITS}d}"


def number_of(id: str) -> int | None:
    """The number of the entry of an id; None for an id that is none of the trail's."""
    digits = id.removeprefix(OWN)
    own = len(id) == len(OWN) + _DIGITS and id.startswith(OWN) and digits.isascii() and digits.isdigit()
    return int(digits) if own else None


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders the entries of the server at a base."""

    base: str

    def stored(self, number: int, entry: Entry) -> Stored:
        """The entry as a resource of one version."""
        text = encode(self.event(number, entry))
        patients = tuple(patient for patient in entry.patient.split(" ") if patient)
        return Stored(ENTRIES, id_of(number), 1, entry.at, text, "POST", patients, sha256(text).digest())

    def event(self, number: int, entry: Entry) -> Json:
        """The entry as an AuditEvent."""
        at = instant(entry.at)
        return _present(
            resourceType=ENTRIES,
            id=id_of(number),
            meta={"versionId": "1", "lastUpdated": at},
            type=dict(type_coding_of(entry.interaction)),
            subtype=[dict(subtype_coding_of(entry.interaction))],
            action=action_of(entry.interaction),
            recorded=at,
            outcome=outcome_of(entry.status),
            outcomeDesc=entry.reason,
            purposeOfEvent=[_concept(PURPOSE, entry.purpose)] if entry.purpose else [],
            agent=list(self._agents(entry)),
            source=self._source(entry),
            entity=list(_entities(entry)),
        )

    def _agents(self, entry: Entry) -> Iterator[Json]:
        """Client and server, then the user, then for whom the user acts."""
        agent = agent_of(entry.agent)
        reads = action_of(entry.interaction) == "R"
        asker, holder = ("110152", "110153") if reads else ("110153", "110152")
        yield _present(
            type=_concept(DICOM, asker),
            who=_identified("", agent.client) if agent.client else {"display": agent.who or "unknown"},
            requestor=not agent.user,
            policy=[f"urn:jti:{agent.token}"] if agent.token and not agent.user else [],
            network={"address": agent.network, "type": "2"} if agent.network else {},
        )
        yield {
            "type": _concept(DICOM, holder),
            "who": _identified("urn:ietf:rfc:3986", self.base),
            "requestor": False,
            "network": {"address": self.base, "type": "5"},
        }
        if agent.user or agent.fhir_user:
            yield _user(agent, entry)
        yield from _acted_for(agent)

    def _source(self, entry: Entry) -> Json:
        return _present(
            site=entry.organisation,
            observer=_identified("urn:ietf:rfc:3986", self.base),
            type=[{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
        )


def _user(agent: Agent, entry: Entry) -> Json:
    """The user receives what is read, and is the author of what is written."""
    part = "AUT" if action_of(entry.interaction) in "CUD" else "IRCP"
    return _present(
        type=_concept(PARTICIPATION, part),
        role=[{"text": agent.role}] if agent.role else [],
        who=_present(reference=agent.fhir_user, identifier=_identifier(agent.system, agent.user) if agent.user else {}),
        name=agent.name,
        requestor=True,
        policy=[f"urn:jti:{agent.token}"] if agent.token else [],
        purposeOfUse=[_concept(PURPOSE, entry.purpose)] if entry.purpose else [],
    )


def _acted_for(agent: Agent) -> Iterator[Json]:
    for code, type, value in (
        ("commission", "PractitionerRole", agent.commission),
        ("unit", "Organization", agent.unit),
        ("provider", "Organization", agent.provider),
    ):
        if value:
            who = {"type": type, **_identified(system_of("hsa-id"), value)}
            yield {"type": _concept(AUDIT, code), "who": who, "requestor": False}
    if agent.acts_for:
        yield {"type": _concept(AUDIT, "proxy"), "who": {"reference": agent.acts_for}, "requestor": False}


def _entities(entry: Entry) -> Iterator[Json]:
    """What it is about, whom, what was asked, by which request, and how it was decided."""
    action = action_of(entry.interaction)
    if entry.type and entry.id:
        version = f"/_history/{entry.version}" if entry.version else ""
        yield _entity("2", "4", what={"reference": f"{entry.type}/{entry.id}{version}"})
    if action == "E" and entry.interaction not in {*BUNDLES, LOGIN}:
        asked = f"{entry.type}?{entry.query}" if entry.query else entry.type or "?"
        yield _entity("2", "24", query=b64encode(asked.encode()).decode())
    for patient in entry.patient.split():
        yield _entity("1", "1", what={"reference": f"Patient/{patient}"})
    if entry.request:
        yield {"what": _identified("", entry.request), "type": {"system": BALP_ENTITY, "code": "XrequestId"}}
    if details := list(_details(entry)):
        yield {"type": {"system": AUDIT, "code": "decision"}, "detail": details}


def _details(entry: Entry) -> Iterator[Json]:
    operation = entry.interaction if subtype_of(entry.interaction) == "operation" else ""
    count = entry.query.removeprefix("count=") if entry.interaction == LOGIN else ""
    told = (("rule", entry.rule), ("reason", entry.reason), ("interaction", operation), ("count", count))
    for code, value in told:
        if value:
            yield {"type": code, "valueString": value}
    if entry.digest:
        yield {"type": "digest", "valueBase64Binary": entry.digest}


def _entity(type: str, role: str, **what: Any) -> Json:
    told = {"type": {"system": ENTITY_TYPE, "code": type}, "role": {"system": ENTITY_ROLE, "code": role}}
    return {"what": what["what"], **told} if "what" in what else {**told, **what}


def _identified(system: str, value: str) -> Json:
    return {"identifier": _identifier(system, value)}


def _identifier(system: str, value: str) -> Json:
    return _present(system=system, value=value)


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _present(**members: Any) -> Json:
    """The members that have a value: FHIR knows no empty ones. https://hl7.org/fhir/R4/json.html"""
    return {name: value for name, value in members.items() if value not in ("", [], {})}
