"""A party's approval of a plan as it stands: who may give it, and the Provenance that tells of it.

https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.canonical import structure

Json = dict[str, Any]

MEANS = structure("means")
AUTHENTICATED: Json = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
            "code": "AU",
            "display": "authenticated",
        }
    ],
    "text": "Godkännande av planen",
}
AGENTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
OPEN = ("draft", "active")
"""The statuses of a plan that can be approved."""
DIGITALLY = "digitally"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved (`Type/[id]`), how, when (a dateTime), and who recorded it ("" where nobody had to)."""

    party: str
    means: str
    when: str
    recorded_by: str = ""


def own_parties(plan: Json) -> Iterator[Any]:
    """The references to those whom the plan itself names as parties: its subject and its contributors."""
    yield plan["subject"]
    yield from plan.get("contributor", ())


def linked_parties(resource: Json) -> Iterator[Any]:
    """The references to the parties that an action or a team of the plan names."""
    match resource["resourceType"]:
        case "ServiceRequest":
            yield from resource.get("performer", ())
        case "Task":
            yield resource.get("owner")
        case "CareTeam":
            yield from resource.get("managingOrganization", ())
            for participant in resource.get("participant", ()):
                yield participant.get("member")


def links(plan: Json) -> Iterator[Any]:
    """The references to the actions and teams of a plan."""
    yield from plan.get("careTeam", ())
    for activity in plan.get("activity", ()):
        yield activity.get("reference")


def provenance(approval: Approval, version: str, patient: str, recorded: str) -> Json:
    """The Provenance of an approval of one version of a plan (`CarePlan/[id]/_history/[n]`) of a patient (`Patient/[id]`, whose
    it is too; "" for a plan of nobody here); `recorded` is an instant.
    """
    targets = [version, patient] if patient else [version]
    enterers = [approval.recorded_by] if approval.recorded_by else []
    return {
        "resourceType": "Provenance",
        "extension": [{"url": MEANS, "valueCode": approval.means}],
        "target": [{"reference": target} for target in targets],
        "occurredDateTime": approval.when,
        "recorded": recorded,
        "activity": AUTHENTICATED,
        "agent": [_agent("attester", approval.party), *(_agent("enterer", who) for who in enterers)],
    }


def _agent(type: str, who: str) -> Json:
    return {"type": {"coding": [{"system": AGENTS, "code": type}]}, "who": {"reference": who}}
