"""The codes of an AuditEvent: R4's, those of IHE's Basic Audit Log Patterns, and ours (`security/CodeSystem-audit.json`).

https://profiles.ihe.net/ITI/BALP/
"""

from collections.abc import Mapping

from fhir_server.fhir.canonical import OURS

REST = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
"""The type of every entry but those of LOGIN: all that the server does is asked of it over REST."""

LOGIN = "login"
"""What is told of those whom no token let in, by source and minute."""

INTERACTION = "http://hl7.org/fhir/restful-interaction"
ACTION = "http://hl7.org/fhir/audit-event-action"
OUTCOME = "http://hl7.org/fhir/audit-event-outcome"
PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
BREAK_GLASS = "BTG"
"""The purpose of emergency access. https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html"""
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
AUDIT = f"{OURS}/CodeSystem/audit"

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"

LOGIN_TYPE = {"system": DICOM, "code": "110114"}
"""User authentication, of DICOM's audit messages. https://hl7.org/fhir/R4/valueset-audit-event-type.html"""
LOGIN_SUBTYPE = {"system": DICOM, "code": "110122"}
"""Login."""

_ACTIONS: Mapping[str, str] = {
    "create": "C",
    "read": "R",
    "vread": "R",
    "history-instance": "R",
    "history-type": "R",
    "history-system": "R",
    "capabilities": "R",
    "update": "U",
    "patch": "U",
    "delete": "D",
}
SEARCHES = frozenset({"search-type", "search-system"})
BUNDLES = frozenset({"batch", "transaction"})

SUBTYPES = (*_ACTIONS, *sorted(SEARCHES), *sorted(BUNDLES), "operation")
"""The codes of what was done, by R4."""


def action_of(interaction: str) -> str:
    """What kind of doing an interaction is: C, R, U, D; E for searches and all else that is carried out."""
    return _ACTIONS.get(interaction, "E")


def type_coding_of(interaction: str) -> Mapping[str, str]:
    """What kind of event an entry is."""
    return LOGIN_TYPE if interaction == LOGIN else REST


def subtype_coding_of(interaction: str) -> Mapping[str, str]:
    """What was done, as a coding."""
    return LOGIN_SUBTYPE if interaction == LOGIN else {"system": INTERACTION, "code": subtype_of(interaction)}


def subtype_of(interaction: str) -> str:
    """R4's code of an interaction; one that begins with `$` is an operation."""
    return "operation" if interaction.startswith("$") else interaction


OUTCOMES: Mapping[str, tuple[int, int]] = {"0": (0, 399), "4": (400, 499), "8": (500, 999)}
"""The outcome of a call by the status that it was answered with."""


def outcome_of(status: int) -> str:
    """0: done; 4: refused; 8: the server could not."""
    return next((code for code, (low, high) in OUTCOMES.items() if low <= status <= high), "8")
