"""How many entries a request leaves in the trail, told from the request and its answer alone.

Written from the text of the promise (docs/privacy.md, "The trail"), not from the code that keeps it: a mistake of the one shows
against the other.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Whole = Callable[[str, str, int], Awaitable[Json]]
"""The whole of a version, for answers that show a part of it: type, id, version."""

ANCHORS = {
    "Appointment": "participant.actor",
    "Consent": "patient",
    "AppointmentResponse": "actor",
    "EpisodeOfCare": "patient",
    "Provenance": "target",
    "RelatedPerson": "patient",
    "Task": "for",
    **dict.fromkeys(
        (
            "Basic", "CarePlan", "CareTeam", "Communication", "CommunicationRequest", "Composition", "Condition",
            "DocumentReference", "Encounter", "Flag", "Goal", "List", "MeasureReport", "MedicationRequest",
            "MedicationStatement", "Observation", "QuestionnaireResponse", "ServiceRequest",
        ),
        "subject",
    ),
}  # fmt: skip
"""The element that says whose a resource is."""

UNREAD = frozenset({
    "unknown-operation", "no-such-address", "unknown-type", "method-not-allowed", "not-acceptable", "media-type",
    "url-too-long", "no-body", "not-json", "too-large", "two-tokens", "not-text", "bundle-type", "header",
    "number-out-of-range", "too-deep", "duplicate-member", "body-packed", "too-slow", "provenance-header",
})  # fmt: skip
"""Why a request could not be read at all (stops 1 and 2): nobody looked at its token, so it is nobody's."""

OF_TERMS = frozenset({"$expand", "$validate-code", "$lookup", "$translate"})
"""They tell what the definitions say: nobody's data."""

OURS = "https://fhir-care-plan-server.example/"
JOINED = frozenset({"$merge", "$write-sip", "$notify-admission", "$acknowledge", "$forward", "$request-sip"})
"""They write several versions at once, and do not show them all."""


@dataclass
class Exchange:
    """A request and its answer. `path` is relative to the FHIR base."""

    method: str
    path: str
    query: str
    sent: bytes
    status: int = 0
    request_id: str = ""
    etag: str = ""
    told: bytes = b""
    test: str = ""
    untold: bool = False
    """Whether its test has opted out."""

    @property
    def body(self) -> Json:
        """The answer's JSON; {} where it has none."""
        return _json(self.told)

    @property
    def reasons(self) -> list[str]:
        """The keys of the issues that the answer tells."""
        return _reasons(self.body)


@dataclass(frozen=True)
class Prediction:
    """So many entries; `joined`: and, besides, one for each version written that is told nowhere else; `moves`: and one for each version of
    these types that follows from what becomes of an action or a handover.
    """

    entries: int
    joined: bool = False
    moves: frozenset[str] = frozenset()

    def __add__(self, other: "Prediction") -> "Prediction":
        return Prediction(self.entries + other.entries, self.joined or other.joined, self.moves | other.moves)


async def predicted(it: Exchange, whole: Whole) -> Prediction:
    """The entries that a request must have left."""
    if it.status == 401 or (it.method == "GET" and it.path.strip("/") == "metadata"):
        return Prediction(0)
    if it.status >= 400:
        return Prediction(0 if _is_unread(it) else 1)
    if it.method == "POST" and not it.path.strip("/"):
        return await _of_bundle(it, whole)
    return await _of_one(it.method, it.path, it.body, it.etag, whole)


def _is_unread(it: Exchange) -> bool:
    places = [place for issue in it.body.get("issue", ()) for place in issue.get("expression", ())]
    inside = any(place.startswith("Bundle.entry") for place in places)
    operates = it.path.rpartition("/")[2].startswith("$")  # what an operation wants, it says itself
    if operates and "no-body" in it.reasons:
        return False
    undecoded = "parameter-value" in it.reasons and "percent-encoded" in it.told.decode()
    return undecoded or (not inside and not UNREAD.isdisjoint(it.reasons))


async def _of_bundle(it: Exchange, whole: Whole) -> Prediction:
    """Each entry as if it had come alone; the Bundle itself leaves nothing."""
    found = Prediction(0)
    pairs = zip(_json(it.sent).get("entry", ()), it.body.get("entry", ()), strict=True)
    for asked, told in pairs:
        method, url = asked["request"]["method"], asked["request"]["url"]
        response = told["response"]
        if int(response["status"][:3]) >= 400:
            found += Prediction(1)
        else:
            found += await _of_one(method, _relative(url), told.get("resource", {}), response.get("etag", ""), whole)
    return found


def _relative(url: str) -> str:
    path = url.partition("?")[0]
    return path.partition("/fhir/")[2] if path.startswith("http") else path.lstrip("/")


async def _of_one(method: str, path: str, told: Json, etag: str, whole: Whole) -> Prediction:
    """Of what was not refused."""
    parts = [part for part in path.split("/") if part]
    last = parts[-1] if parts else ""
    if last in OF_TERMS:
        return Prediction(0)
    if last in JOINED:
        return Prediction(0, joined=True)
    if told.get("resourceType") == "Bundle" and told.get("type") in {"searchset", "history", "document"}:
        return Prediction(max(1, await _shown(told, whole)))
    if last == "$worklist":
        return Prediction(max(1, len(set(_listed_persons(told)))))
    if method in {"POST", "PUT", "PATCH", "DELETE"} and parts[0] == "Communication" and _may_be_of_ours(told):
        return Prediction(1, joined=True)  # and what the units that it names are asked, or no longer are
    several = method == "DELETE" and len(parts) == 1 and not etag
    return Prediction(0, joined=True) if several else Prediction(1, moves=_may_move(method, parts, told))


def _may_move(method: str, parts: list[str], told: Json) -> frozenset[str]:
    """What an action or a handover that was written moves: the team, and the plan whose first it is; an answer that shows nothing may be
    about one.
    """
    if method not in {"PUT", "PATCH", "DELETE"} or parts[:1] != ["Task"]:
        return frozenset()
    codes = {coding.get("code") for coding in told.get("code", {}).get("coding", ())}
    if not told or "call-sip" in codes:
        return frozenset({"CareTeam", "CarePlan"})
    return frozenset({"CareTeam"} if codes & {"fulfill", "handover"} else ())


def _listed_persons(told: Json) -> Iterator[str]:
    """Whom the rows of a unit's worklists are about."""
    for part in (it for row in told.get("parameter", ()) for it in row.get("part", ()) if it["name"] == "row"):
        for it in part["part"]:
            if it["name"] == "person":
                yield it["valueReference"]["reference"]


def _may_be_of_ours(told: Json) -> bool:
    """Whether it claims a profile of ours, or is not shown."""
    profiles = told["meta"].get("profile", ()) if told.get("resourceType") == "Communication" else [OURS]
    return any(it.startswith(OURS) for it in profiles if it)


async def _shown(bundle: Json, whole: Whole) -> int:
    """One for a single version, else one for each patient; what is nobody's counts where nothing else was shown."""
    rows = [row for row in bundle.get("entry", ()) if row.get("search", {}).get("mode") != "outcome"]
    rows = rows[1:] if bundle["type"] == "document" else rows  # the Composition is nobody's version
    patients = {patient for row in rows for patient in await _whose(row, whole)}
    return 1 if len(rows) == 1 else len(patients)


async def _whose(row: Json, whole: Whole) -> set[str]:
    resource = row.get("resource")
    if resource is None:  # a deletion: it was whose the version before it was
        type, id = row["request"]["url"].split("/")
        return patients_of(await whole(type, id, int(row["response"]["etag"].strip('W/"')) - 1))
    if any(tag.get("code") == "SUBSETTED" for tag in resource["meta"].get("tag", ())):
        resource = await whole(resource["resourceType"], resource["id"], int(resource["meta"]["versionId"]))
    return patients_of(resource)


def patients_of(resource: Json) -> set[str]:
    """The ids of those whose a resource is."""
    type = resource["resourceType"]
    if type == "Patient":
        return {resource["id"]}
    if type == "AuditEvent":
        return set(_concerned(resource))
    found = [resource]
    for member in ANCHORS[type].split(".") if type in ANCHORS else ["-"]:
        found = [one for holder in found for one in _listed(holder.get(member))]
    return {id for one in found if (id := _patient_in(one.get("reference", "")))}


def _patient_in(reference: str) -> str:
    parts = reference.partition("/fhir/")[2].split("/") if reference.startswith("http") else reference.split("/")
    return parts[1] if parts[0] == "Patient" and len(parts) > 1 else ""


def _concerned(event: Json) -> Iterator[str]:
    """Whom an entry of our own trail concerned; one from elsewhere is nobody's."""
    if event["id"].startswith("trail-"):
        for entity in event.get("entity", ()):
            if entity.get("role", {}).get("code") == "1":
                yield _patient_in(entity["what"]["reference"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _json(text: bytes) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reasons(outcome: Json) -> list[str]:
    return [
        coding["code"]
        for issue in outcome.get("issue", ())
        for coding in issue.get("details", {}).get("coding", ())[:1]
    ]
