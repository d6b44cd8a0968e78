"""A SIP as a document, and the people in it: those of the story sip-hemma, without its plan."""

from pathlib import Path
from typing import Any

from fhir_server.fhir.definitions import read

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
DOCUMENT = README.partition("<<'SIP'\n")[2].partition("SIP\n```")[0]
"""The ten lines of the README."""
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
PEOPLE = {"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization"}
PLANNED = ("CarePlan", "CareTeam", "Consent", "Goal", "ServiceRequest", "Task", "Appointment", "Condition")


def the_people() -> dict[str, Any]:
    """A transaction that makes everybody in the story."""
    story = dict(read("examples/stories"))["sip-hemma.json"]
    return {**story, "entry": [entry for entry in story["entry"] if entry["resource"]["resourceType"] in PEOPLE]}


def without(word: str, text: str = DOCUMENT) -> str:
    """The document without the lines that begin with a word."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{word}:"))


def changed(word: str, line: str, text: str = DOCUMENT) -> str:
    """The document with another line in the place of those of a word."""
    lines = text.splitlines()
    first = next(place for place, own in enumerate(lines) if own.startswith(f"{word}:"))
    kept = [own for own in lines if not own.startswith(f"{word}:")]
    return "\n".join([*kept[:first], line, *kept[first:]])
