"""The Provenance that the server writes with a write: who made these versions, for whom, and when.

https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.audit.agent import Agent
from fhir_server.fhir.naming import system_of

Json: TypeAlias = dict[str, Any]

PARTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
OPERATIONS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
ANONYMOUS = "anonymous"


def provenance(
    targets: Sequence[str], activity: str, agent: Agent, recorded: str, given: Mapping[str, Any] | None = None
) -> Json:
    """The Provenance of these versions (`Type/id/_history/n`). `activity` is CREATE, UPDATE or DELETE; `recorded` an instant;
    `given` what the caller said of it in X-Provenance, which stands but for what the server knows better: the targets, the
    moment, and who the caller is.
    """
    said = dict(given or {})
    theirs = said.pop("agent", [])
    made = {
        "resourceType": "Provenance",
        "target": [{"reference": target} for target in targets],
        "recorded": recorded,
        "activity": {"coding": [{"system": OPERATIONS, "code": activity}]},
        "agent": [*theirs, *_agents(agent)],
    }
    return {"resourceType": "Provenance", **made, **{name: it for name, it in said.items() if name not in _OURS}}


_OURS = frozenset({"resourceType", "id", "meta", "target", "recorded"})
"""What of X-Provenance is passed over: the server says it."""


def _agents(agent: Agent) -> Iterator[Json]:
    """The user for the care provider, or for whom the user acts, and the client; whom nobody knows is told so."""
    if agent.user or agent.fhir_user:
        identified = {"identifier": {"system": agent.system, "value": agent.user}} if agent.system else {}
        who = {"reference": agent.fhir_user} if agent.fhir_user else identified
        yield {"type": _part("author"), "who": who or {"display": agent.who}, **_for(agent)}
    else:
        yield {"type": _part("assembler"), "who": _client(agent), **_for(agent)}


def _client(agent: Agent) -> Json:
    return {"identifier": {"value": agent.client}} if agent.client else {"display": agent.who or ANONYMOUS}


def _for(agent: Agent) -> Json:
    if agent.acts_for:
        return {"onBehalfOf": {"reference": agent.acts_for}}
    if not agent.provider:
        return {}
    return {"onBehalfOf": {"identifier": {"system": system_of("hsa-id"), "value": agent.provider}}}


def _part(code: str) -> Json:
    return {"coding": [{"system": PARTS, "code": code}]}
