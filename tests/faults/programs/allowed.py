"""Which answers a write may get, and why another one is amiss.

https://hl7.org/fhir/R4/http.html
"""

from tests.faults.programs.told import NOT_SENT, Told
from tests.faults.programs.write import Step, Write

ANSWERS = {"create": {201}, "update": {200, 201}, "patch": {200, 404}, "delete": {204}}
REASONS = {422: "reference-unresolved", 404: "not-found", 410: "gone", 412: "stale"}
"""What each refusal that a program can meet says. Two of one person (`several-match`) there never are."""

GIVEN_UP = {409: "overtaken", 503: "store-away"}
"""What any write may be told where too much stands in its way: nothing was written."""


def amiss(told: Told) -> str:
    """What is wrong with an answer; nothing where it is in order."""
    if told.status in {None, NOT_SENT}:
        return ""
    if told.acknowledged:
        return "" if told.status in _answers(told.write) else "no such answer"
    if told.status not in _refusals(told.step):
        return "no such refusal"
    if told.keys != ((REASONS | GIVEN_UP)[told.status],):
        return "another reason"
    if told.status == 404 and told.step.kind != "transaction" and told.write.id and told.write.met:
        return f"version {told.write.met} was acknowledged before"
    return ""


def _answers(write: Write) -> set[int]:
    """What one write may be answered, alone."""
    found = {200} if write.interaction == "create" and write.person else set()
    gone = {"patch": {410}, "delete": {404}}.get(write.interaction, set()) if write.id else set()
    return ANSWERS[write.interaction] | found | gone | ({412} if write.match is not None else set())


def _refusals(step: Step) -> set[int]:
    """What any of the writes may be refused with: in a transaction all others are too."""
    unresolved = {422} if any(write.about.startswith("Patient?") for write in step.writes) else set()
    own = {status for write in step.writes for status in _answers(write) if status >= 400}
    return {*own, *unresolved, *GIVEN_UP}
