"""An entry of the trail as it is told to the person whom it concerns: when, where and what, in words.

Who it was by name stands in it where the employer is a public body, by `security/Parameters-access-log.json`.
8 kap. 5 § patientdatalagen (2008:355); 4 kap. 9 § HSLF-FS 2016:40
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from fhir_server.audit.agent import Agent, agent_of
from fhir_server.audit.coding import action_of, subtype_of
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.instant import instant
from fhir_server.fhir.wording import WORDS, worded
from fhir_server.storage.store import Entry

FILE = "Parameters-access-log.json"
PARTS = {"prefix", "reason", "source"}
EMERGENCY = frozenset({"BTG", "ETREAT"})
"""Purposes of who opened what nobody's ordinary right opens. https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html"""

REFUSED = 400
"""The lowest status of a refusal."""

Json: TypeAlias = dict[str, Any]


@cache
def public_bodies() -> tuple[str, ...]:
    """How the HSA-ids of those begin whose staff are told by name. BadDefinition."""
    return bodies_of(dict(read("security"))[FILE])


def bodies_of(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """The same of a definition. BadDefinition for a row that says no prefix, or not why."""
    return tuple(_prefix(row) for row in definition["parameter"])


def _prefix(row: Mapping[str, Any]) -> str:
    told = {part["name"]: part.get("valueString", "") for part in row.get("part", ())}
    if row["name"] != "names-staff" or told.keys() != PARTS or not all(told.values()):
        raise BadDefinition(f"{FILE}: a row is names-staff, and has {', '.join(sorted(PARTS))}")
    return str(told["prefix"])


@dataclass(frozen=True, slots=True)
class Register:
    """What HSA-ids are called: those of organizations, and of staff."""

    organizations: Mapping[str, str]
    staff: Mapping[str, str]


def organizations_in(entries: Iterable[Entry]) -> set[str]:
    """The HSA-ids of the units and providers from which entries come."""
    return {id for one in map(_agent, entries) for id in (one.unit, one.provider) if id}


def staff_in(entries: Iterable[Entry]) -> set[str]:
    """The HSA-ids of the staff who are told by name."""
    return {one.user for one in map(_agent, entries) if _is_named(one)}


def _agent(entry: Entry) -> Agent:
    return agent_of(entry.agent)


def _is_named(agent: Agent) -> bool:
    return agent.who == "staff" and agent.provider.upper().startswith(public_bodies())


def row_of(entry: Entry, patient: str, register: Register, language: str) -> Json:
    """The entry as a row of a Parameters, told to or about the patient of this id. Nobody else's id stands in it."""
    agent = _agent(entry)
    parts: list[Json] = [
        {"name": "when", "valueInstant": instant(entry.at)},
        {"name": "where", "valueString": _where(agent, patient, register, language)},
        *_named(agent, register),
        {"name": "done", "valueString": _done(entry, language)},
        {"name": "emergency", "valueBoolean": entry.purpose in EMERGENCY},
        {"name": "refused", "valueBoolean": entry.status >= REFUSED},
    ]
    return {"name": "access", "part": parts}


def _where(agent: Agent, patient: str, register: Register, language: str) -> str:
    """The unit as the register calls it, and whose unit it is."""
    if agent.fhir_user == f"Patient/{patient}":
        return worded("where-yourself", language)
    if agent.who == "citizen":
        return worded("where-citizen", language)
    told = [register.organizations.get(id, id) for id in (agent.unit, agent.provider) if id]
    return ", ".join(dict.fromkeys(told)) or worded("where-system", language)


def _named(agent: Agent, register: Register) -> Iterator[Json]:
    if _is_named(agent):
        yield {"name": "who", "valueString": register.staff.get(agent.user, agent.user)}


def _done(entry: Entry, language: str) -> str:
    """What was done to what; of a refusal that it was tried."""
    tried = "tried" if entry.status >= REFUSED else "did"
    what = f"thing-{entry.type}" if f"thing-{entry.type}" in WORDS else "thing-other"
    return worded(f"{tried}-{_verb(entry)}", language, thing=worded(what, language))


def _verb(entry: Entry) -> str:
    if entry.interaction == "$access-log":
        return "log"
    if entry.interaction == "$destroy":
        return "D"
    action = action_of(entry.interaction)
    return "R" if action == "E" and subtype_of(entry.interaction) == "operation" else action
