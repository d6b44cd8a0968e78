"""What a caller sends for a step, and what it is told of each of its writes."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.fhir.codec import encode
from tests.builders import a_bundle, an_entry, issue_keys
from tests.faults.programs.connection import Answer, Request
from tests.faults.programs.generate import urn_of
from tests.faults.programs.write import PATH_PATCH, PEOPLE, Json, Place, Step, Write, patch_of, resource_of

METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
FHIR_JSON = ("content-type", "application/fhir+json")
NOT_SENT = 0
"""In place of a status: nobody listened."""


@dataclass(frozen=True)
class Told:
    """What became of one write. `status` None: that was never said. `place`, `version` and `text` are those of the version
    that the answer shows; `request` is the request's id, in the audit too; `keys` tell why it was refused.
    """

    write: Write
    step: Step
    status: int | None = None
    place: Place | None = None
    version: int | None = None
    text: bytes = b""
    request: str = ""
    keys: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        return self.status is None

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def found(self) -> bool:
        """Whether a conditional create met a resource that was there already."""
        return self.write.interaction == "create" and self.status == 200

    @property
    def wrote(self) -> bool:
        """Whether a version is said to be there because of it: not where there was nothing to delete."""
        return self.acknowledged and not self.found and self.version is not None


# ------------------------------------------------------------------------------------------------ what is sent


def request_of(step: Step) -> Request:
    """The step as it is sent."""
    if step.kind == "alone":
        return _alone(step.writes[0])
    bundle = a_bundle(*map(_entry, step.writes), type=step.kind)
    return Request("POST", "", encode(bundle), (FHIR_JSON,))


def _alone(write: Write) -> Request:
    headers = [("content-type", write.form) if write.form else FHIR_JSON]
    if write.match is not None:
        headers.append(("if-match", _etag(write)))
    if write.interaction == "create" and write.person:
        headers.append(("if-none-exist", _condition(write)))
    body = b"" if write.interaction == "delete" else encode(_body(write))
    return Request(METHODS[write.interaction], _url(write), body, tuple(headers))


def _entry(write: Write) -> Json:
    asked = {"ifMatch": _etag(write)} if write.match is not None else {}
    if write.interaction == "create" and write.person:
        asked["ifNoneExist"] = _condition(write)
    if write.interaction in {"create", "update"}:
        asked["full_url"] = urn_of(write)
    return an_entry(METHODS[write.interaction], _url(write), _resource(write), **asked)


def _resource(write: Write) -> Json | None:
    """What stands in an entry: a patch that is no resource in a Binary. https://hl7.org/fhir/R4/http.html#patch"""
    if write.interaction == "delete":
        return None
    if write.interaction == "patch" and write.form != PATH_PATCH:
        data = b64encode(encode(patch_of(write))).decode()
        return {"resourceType": "Binary", "contentType": write.form, "data": data}
    return _body(write)


def _body(write: Write) -> Any:
    return patch_of(write) if write.interaction == "patch" else resource_of(write)


def _url(write: Write) -> str:
    if write.id:
        return f"{write.type}/{write.id}"
    named_by_address = write.person and write.interaction != "create"
    return f"{write.type}?{_condition(write)}" if named_by_address else write.type


def _condition(write: Write) -> str:
    return f"identifier={PEOPLE}%7C{write.person}"


def _etag(write: Write) -> str:
    return f'W/"{write.match}"'


# ------------------------------------------------------------------------------------------------ what is answered


class Entry(msgspec.Struct):
    """An entry of a Bundle, the resource as the bytes that stand there."""

    resource: msgspec.Raw = msgspec.Raw(b"")
    request: dict[str, Any] = {}
    response: dict[str, Any] = {}
    fullUrl: str = ""  # noqa: N815  # FHIR's own name


class Bundle(msgspec.Struct):
    entry: list[Entry] = []
    total: int | None = None


def entries_of(text: bytes) -> list[Entry]:
    return msgspec.json.decode(text, type=Bundle).entry


def unanswered(step: Step) -> list[Told]:
    """The connection broke: each write may have been done, or not."""
    return [Told(write, step) for write in step.writes]


def not_sent(step: Step) -> list[Told]:
    return [Told(write, step, NOT_SENT) for write in step.writes]


def told_by(step: Step, answer: Answer) -> list[Told]:
    """What an answer says of each write of its step."""
    request, good = answer.headers["x-request-id"], 200 <= answer.status < 300
    if good and step.kind != "alone":
        entries = entries_of(answer.body)
        return [_by_entry(write, step, entry, request) for write, entry in zip(step.writes, entries, strict=True)]
    if good:
        location, etag = answer.headers.get("location", ""), answer.headers.get("etag", "")
        return [_accepted(step.writes[0], step, answer.status, location, etag, answer.body, request)]
    return [_refused(write, step, answer.status, answer.json, request) for write in step.writes]


def _by_entry(write: Write, step: Step, entry: Entry, request: str) -> Told:
    status = int(entry.response["status"].split()[0])
    if "outcome" in entry.response:
        return _refused(write, step, status, entry.response["outcome"], request)
    said = (entry.response.get(name, "") for name in ("location", "etag"))
    return _accepted(write, step, status, *said, bytes(entry.resource), request)


def _accepted(write: Write, step: Step, status: int, location: str, etag: str, text: bytes, request: str) -> Told:
    place = _place(location) if location else write.place
    return Told(write, step, status, place, version_in(etag), text, request)


def _refused(write: Write, step: Step, status: int, outcome: Json, request: str) -> Told:
    """A store that did not hear in time whether it was written says so: then nobody knows."""
    keys = tuple(issue_keys(outcome))
    return Told(write, step, None if "store-unsure" in keys else status, request=request, keys=keys)


def _place(location: str) -> Place:
    """The place in `http://…/fhir/Type/id/_history/1`."""
    type, id, _, _ = location.split("/")[-4:]
    return type, id


def version_in(etag: str) -> int | None:
    return int(etag.removeprefix('W/"').removesuffix('"')) if etag else None
