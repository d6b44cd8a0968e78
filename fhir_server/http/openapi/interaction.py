"""What each interaction asks and answers, in the words of OpenAPI: the one table that the document is made by.

https://hl7.org/fhir/R4/http.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import (
    Ambiguous,
    BadParameter,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotAcceptable,
    NotAllowed,
    NotFound,
    Refusal,
    Stale,
    Throttled,
    TooLarge,
    TooSlow,
    Unauthorized,
    Unavailable,
    Unreadable,
    UnsupportedMedia,
    Unversioned,
)
from fhir_server.http.openapi.place import Place

Refusals: TypeAlias = tuple[type[Refusal], ...]

ALWAYS: Refusals = (BadParameter, NotAcceptable, TooLarge)
READING: Refusals = (*ALWAYS, Unauthorized, Forbidden, Throttled, Unavailable)
BODY: Refusals = (Unreadable, TooSlow, UnsupportedMedia)
WRITING: Refusals = (*READING, *BODY, Conflict, Stale, Invalid)

PART = ("_summary", "_elements")
"""Parameters that leave something out of the resources shown."""
PAGED = ("_count", "_since", *PART)
FOUND = ("_sort", "_count", "_total", *PART)
VERSION = ("ETag", "Last-Modified")
ITSELF = "{type}"
"""The type of resource that the address names, as the type of a body or an answer."""
SHOWN = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
"""The statuses of answers that show something."""


@dataclass(frozen=True, slots=True)
class Told:
    """An interaction. `answers` are statuses, each with a sentence; `shows` and `asks` the types of resource in the answer and
    in the request (ITSELF, `form` and `patch` are no type, "" is nothing); `headers` and `query` the shared parameters;
    `tells` the headers of the answer.
    """

    summary: str
    answers: Mapping[int, str]
    refusals: Refusals
    shows: str = ""
    asks: str = ""
    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    required: bool = True


_WRITTEN = {200: "Changed: the new version, or what `Prefer` asks for."}
_MADE = {201: "Made: its first version, or what `Prefer` asks for."}

_PAST = Told("", {200: "A Bundle of the type history."}, READING, shows="Bundle", query=PAGED)
_SEARCHED = Told(
    "",
    {200: "A Bundle of the type searchset, page by page."},
    READING,
    shows="Bundle",
    headers=("Prefer",),
    query=FOUND,
)

INTERACTIONS: Mapping[str, Told] = {
    "capabilities": Told(
        "What the server promises.", {200: "The CapabilityStatement."}, ALWAYS, shows="CapabilityStatement"
    ),
    "read": Told(
        "The current version of a resource.",
        {200: "The resource.", 304: "The version that the caller has is the current one."},
        (*READING, NotFound, Gone),
        shows=ITSELF,
        headers=("If-None-Match", "If-Modified-Since"),
        query=PART,
        tells=VERSION,
    ),
    "vread": Told(
        "A version of a resource as it was.",
        {200: "The resource at that version."},
        (*READING, NotFound, Gone),
        shows=ITSELF,
        query=PART,
        tells=VERSION,
    ),
    "create": Told(
        "A new resource, under an id of the server's own.",
        {200: "One that matches `If-None-Exist` is there already: nothing was made."} | _MADE,
        (*WRITING, Ambiguous),
        shows=ITSELF,
        asks=ITSELF,
        headers=("Prefer", "If-None-Exist"),
        tells=(*VERSION, "Location"),
    ),
    "update": Told(
        "The whole of a resource, put in the place of what was there, or made under this id.",
        _WRITTEN | _MADE,
        (*WRITING, NotFound, Unversioned),
        shows=ITSELF,
        asks=ITSELF,
        headers=("Prefer", "If-Match"),
        tells=(*VERSION, "Location"),
    ),
    "patch": Told(
        "A change to a part of a resource.",
        _WRITTEN,
        (*WRITING, NotFound, Gone, Unversioned),
        shows=ITSELF,
        asks="patch",
        headers=("Prefer", "If-Match"),
        tells=(*VERSION, "Location"),
    ),
    "delete": Told(
        "The resource is gone from then on; its history stays.",
        {204: "Deleted, or deleted already."},
        (*READING, NotFound, Conflict, Stale, Unversioned),
        headers=("If-Match",),
        tells=VERSION,
    ),
    "history-instance": replace(
        _PAST,
        summary="The versions of a resource, newest first, deletions too.",
        refusals=(*_PAST.refusals, NotFound),
    ),
    "history-type": replace(_PAST, summary="The versions of all resources of the type, newest first, deletions too."),
    "history-system": replace(_PAST, summary="The versions of all resources, newest first, deletions too."),
    "search-type": replace(_SEARCHED, summary="The resources of the type that match."),
    "search-system": replace(_SEARCHED, summary="The resources of any type that match."),
    "batch": Told(
        "The entries of a Bundle, each for itself.",
        {200: "A Bundle with an answer for each entry, in their order."},
        (*READING, *BODY, Invalid),
        shows="Bundle",
        asks="Bundle",
        headers=("Prefer",),
    ),
    "transaction": Told(
        "The entries of a Bundle, all or none.",
        {200: "A Bundle with an answer for each entry, in their order."},
        (*WRITING, NotFound, NotAllowed, Gone, Ambiguous, Unversioned),
        shows="Bundle",
        asks="Bundle",
        headers=("Prefer",),
    ),
}

_CONDITIONAL = {
    "update": "The whole of a resource, put in the place of the one that matches, or made where none does.",
    "patch": "A change to a part of the one resource that matches.",
    "delete": "The one resource that matches is deleted; where none does, nothing happens.",
}


def told(place: Place) -> Told:
    """What answers at a place: an operation, or interactions of FHIR."""
    if place.operation is not None:
        return _operation(place.operation, place.method)
    first = INTERACTIONS[place.interactions[0]]
    others = [INTERACTIONS[interaction] for interaction in place.interactions[1:]]
    if others:
        return _either(first, *others)
    if place.is_matched and place.method != "GET":
        return replace(first, summary=_CONDITIONAL[place.interactions[0]], refusals=(*first.refusals, Ambiguous))
    if place.shape.endswith("-search"):
        return replace(
            first, refusals=(*first.refusals, TooSlow, UnsupportedMedia), asks="form", query=(), required=False
        )
    if not place.kind.get("conditionalCreate"):
        return replace(first, headers=tuple(name for name in first.headers if name != "If-None-Exist"))
    return first


def _either(*interactions: Told) -> Told:
    """One of several, alike but for what they do and refuse; the body chooses."""
    summary = " Or: ".join(interaction.summary for interaction in interactions)
    refusals = tuple(refusal for interaction in interactions for refusal in interaction.refusals)
    return replace(interactions[0], summary=summary, refusals=refusals)


def _operation(definition: Mapping[str, Any], method: str) -> Told:
    shows = next(
        (row["type"] for row in definition["parameter"] if row["use"] == "out" and row["name"] == "return"), ""
    )
    refusals = (*(WRITING if definition["affectsState"] else READING), NotFound, Gone)
    posted = method == "POST"
    makes = definition["affectsState"] and shows in r4().resource_types - {"Parameters"}
    return Told(
        definition["description"],
        {200: "What the operation gives."} | (_MADE if makes else {}),
        (*refusals, *BODY) if posted else refusals,
        shows=shows if shows in r4().resource_types else "Parameters",
        asks="Resource" if posted else "",
        headers=(*(("Prefer",) if makes else ()), *(("If-Match",) if definition["affectsState"] else ())),
        tells=(*VERSION, "Location") if makes else (),
        required=False,
    )
