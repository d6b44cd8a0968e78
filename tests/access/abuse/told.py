"""What an answer of the abuse suite says, and small resources to send."""

import json
from typing import Any

SHORT = {"CareTeam": "team", "CarePlan": "plan", "Goal": "goal"}


def place(type: str, who: str) -> str:
    return f"{type}/{who}-{SHORT.get(type, type.lower())}"


def found(answer: Any) -> set[str]:
    """What a Bundle holds, by Type/id."""
    assert 200 == answer.status_code, answer.text
    return {f"{it['resource']['resourceType']}/{it['resource']['id']}" for it in answer.json().get("entry", ())}


def whole(answer: Any) -> tuple[int, str, dict[str, str]]:
    """All that an answer tells, but for the number of the request."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.text, headers


async def nowhere(api: Any, place: str, bearer: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """What is told of an id that there is not."""
    return whole(await api.get(place, headers=bearer))


def keys(answer: Any) -> list[str]:
    """The keys of the issues that an answer tells."""
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


def statuses(answer: Any) -> list[int]:
    """The status of each entry of a batch's or a transaction's answer."""
    assert 200 == answer.status_code, answer.text
    return [int(entry["response"]["status"][:3]) for entry in answer.json()["entry"]]


def bundled(*entries: tuple[str, str] | tuple[str, str, Any], type: str = "transaction") -> dict[str, Any]:
    """A Bundle of entries: method, url, and what is sent."""
    return {"resourceType": "Bundle", "type": type, "entry": [_entry(*entry) for entry in entries]}


def _entry(method: str, url: str, resource: Any = None) -> dict[str, Any]:
    sent = {} if resource is None else {"resource": resource}
    return {**sent, "request": {"method": method, "url": url}}


def a_message(who: str = "a", **members: Any) -> dict[str, Any]:
    """What a citizen may write: a message about somebody."""
    return {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": f"Patient/{who}"},
        **members,
    }


def a_goal(who: str = "a", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "gå ut"},
        "subject": {"reference": f"Patient/{who}"},
        **members,
    }


def text_of(value: Any) -> str:
    """JSON as it is sent, for what Python's own dicts cannot say."""
    return json.dumps(value)
