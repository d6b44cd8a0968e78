"""One write of a program, and what it makes of the version that it meets.

Each write has a token of its own, which stays in what it makes: among the identifiers, or as the mark of a merge patch,
which can replace a member but not lengthen a list. So a history tells by its tokens which writes made it.
"""

from dataclasses import dataclass
from typing import Any

from tests.builders import a_care_plan, a_care_team, a_patient

Json = dict[str, Any]
Place = tuple[str, str]
"""The type and the id of a resource."""

TOKENS, PEOPLE = "urn:example:token", "urn:example:person"
"""The systems of identifiers that hold a token, and that tell people apart."""

JSON_PATCH, MERGE_PATCH, PATH_PATCH = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/fhir+json",
)


def a_task(**members: Any) -> Json:
    return {"resourceType": "Task", "status": "requested", "intent": "order", **members}


@dataclass(frozen=True)
class Kind:
    """A type that programs write: how one is made, which member points at the patient, which one holds a mark."""

    made: Any
    anchor: str
    mark: str


KINDS = {
    "Patient": Kind(a_patient, "", "maritalStatus"),
    "CarePlan": Kind(a_care_plan, "subject", "title"),
    "CareTeam": Kind(a_care_team, "subject", "name"),
    "Task": Kind(a_task, "for", "description"),
}


@dataclass(frozen=True)
class Write:
    """What one write asks for. It names its resource by an `id`, or by the `person` that a condition must match, or (a
    create) not at all. `about` is the reference to a patient, `form` a patch's media type.

    `guard` says whether it carries an If-Match: of the version last `seen`, or a `wrong` one. What the program had been
    told when it was sent is filled in then: `met` is the version seen, `match` the one in If-Match.
    """

    token: str
    interaction: str
    type: str
    id: str = ""
    person: str = ""
    about: str = ""
    form: str = ""
    guard: str = ""
    by_id: bool = False
    met: int | None = None
    match: int | None = None

    @property
    def place(self) -> Place | None:
        """Where it writes, if it says so itself."""
        return (self.type, self.id) if self.id else None

    @property
    def conditional(self) -> bool:
        """Whether a person decides where it writes."""
        return bool(self.person) and not self.id


@dataclass(frozen=True)
class Step:
    """What a caller sends at once: one write (`alone`), or several in a `batch` or a `transaction`."""

    kind: str
    writes: tuple[Write, ...]


def identifier(system: str, value: str) -> Json:
    return {"system": system, "value": value}


def resource_of(write: Write) -> Json:
    """What a create or an update sends."""
    kind = KINDS[write.type]
    own = [identifier(PEOPLE, write.person)] if write.person else []
    anchor = {kind.anchor: {"reference": write.about}} if kind.anchor else {}
    named = {"id": write.id} if write.id else {}
    return kind.made(**named, identifier=[*own, identifier(TOKENS, write.token)], **anchor)


def patch_of(write: Write) -> Any:
    """What a patch sends."""
    added = identifier(TOKENS, write.token)
    if write.form == JSON_PATCH:
        return [{"op": "add", "path": "/identifier/-", "value": added}]
    if write.form == MERGE_PATCH:
        return {KINDS[write.type].mark: _mark(write)}
    parts = [("type", "valueCode", "add"), ("path", "valueString", write.type), ("name", "valueString", "identifier")]
    given = [{"name": name, member: value} for name, member, value in parts]
    operation = {"name": "operation", "part": [*given, {"name": "value", "valueIdentifier": added}]}
    return {"resourceType": "Parameters", "parameter": [operation]}


def _mark(write: Write) -> Any:
    return {"text": write.token} if write.type == "Patient" else write.token


def made_of(write: Write, before: Json) -> Json:
    """The resource after the write, without the id and the meta that the server gives it."""
    if write.interaction in {"create", "update"}:
        return bare(resource_of(write))
    if write.form == MERGE_PATCH:
        return bare(before) | patch_of(write)
    return bare(before) | {"identifier": [*before["identifier"], identifier(TOKENS, write.token)]}


def bare(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name not in {"id", "meta"}}


def identifiers_of(resource: Json) -> set[tuple[str, str]]:
    return {(own["system"], own["value"]) for own in resource.get("identifier", ())}


def people_of(resource: Json) -> set[str]:
    return {value for system, value in identifiers_of(resource) if system == PEOPLE}


def tokens_of(resource: Json) -> set[str]:
    """The tokens of the writes that a resource still shows; none where it is deleted."""
    if not resource:
        return set()
    mark = resource.get(KINDS[resource["resourceType"]].mark)
    marked = {mark["text"] if isinstance(mark, dict) else mark} if mark else set()
    return marked | {value for system, value in identifiers_of(resource) if system == TOKENS}
