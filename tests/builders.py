"""Small resources to begin from: each call gives a new one, and what a test is about stands in the call."""

from typing import Any

SIP = {"coding": [{"system": "https://plans.example/CodeSystem/kind", "code": "SIP"}]}
"""A region's own code, of which no profile is demanded: what a test is about can stay small."""
PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"
TEST_PERSON = "191212121212"


TOLD = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Bo kvar hemma</div>'}


def a_patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": PERSONNUMMER, "value": TEST_PERSON}], **members}


def a_care_plan(**members: Any) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "category": [SIP],
        "subject": {"reference": "Patient/p1"},
        **members,
    }


def a_care_team(**members: Any) -> dict[str, Any]:
    return {"resourceType": "CareTeam", "status": "active", "subject": {"reference": "Patient/p1"}, **members}


def a_bundle(*entries: dict[str, Any], type: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def an_entry(method: str, url: str, resource: dict[str, Any] | None = None, **request: str) -> dict[str, Any]:
    """An entry of a batch or transaction; `full_url` stands beside the request, all else in it."""
    full_url = request.pop("full_url", None)
    entry: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        entry = {"resource": resource, **entry}
    return {"fullUrl": full_url, **entry} if full_url else entry


def issue_keys(outcome: dict[str, Any]) -> list[str]:
    """The keys of an OperationOutcome's issues."""
    return [issue["details"]["coding"][0]["code"] for issue in outcome["issue"]]
