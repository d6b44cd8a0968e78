"""What is said by the client libraries; fhirpy's two clients say the same in two ways, and are heard as one."""

import json
from inspect import isawaitable
from typing import Any

from fhir_server.fhir.codec import encode
from tests.builders import SIP
from tests.stories.story import load_stories

SYSTEM = "https://example.org/numbers"


async def answered(asked: Any) -> Any:
    """What was asked for: the asynchronous client promises it, the synchronous one has it already."""
    return await asked if isawaitable(asked) else asked


async def every(found: Any) -> list[Any]:
    """All that a search finds, page after page."""
    return [one async for one in found] if hasattr(found, "__aiter__") else list(found)


def an_identifier(number: str) -> list[dict[str, str]]:
    return [{"system": SYSTEM, "value": number}]


def a_person(client: Any, number: str, **members: Any) -> Any:
    return client.resource("Patient", identifier=an_identifier(number), **members)


def a_plan(client: Any, patient: Any, **members: Any) -> Any:
    plan = {"status": "draft", "intent": "plan", "category": [SIP], "subject": patient.to_reference()}
    return client.resource("CarePlan", **plan | members)


def a_story(name: str) -> dict[str, Any]:
    """A story's Bundle in plain JSON, as a library would read it from its file; without an id, since it is posted."""
    bundle = json.loads(encode(load_stories()[name].bundle))
    del bundle["id"]
    return bundle
