"""The entries of a Bundle, read as calls, and the references between them.

https://hl7.org/fhir/R4/http.html#trules
https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import replace

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import HTTP, Invalid, Issue, Refusal, TooLarge, Unreadable
from fhir_server.fhir.reference import references_in
from fhir_server.interactions.call import Call, Server
from fhir_server.interactions.preconditions import Preconditions, version_to_match, versions_not_to_match

MOST = 1000


class Entry(Struct, frozen=True):
    """One entry: its place in the Bundle, the name others refer to it by, what it asks for, and the id of its resource."""

    number: int
    full_url: str
    call: Call
    id: str

    @property
    def writes(self) -> bool:
        """Whether it changes one resource, that of its address."""
        return self.call.address.interaction in WRITES

    @property
    def operates(self) -> bool:
        """Whether it is an operation that changes what is stored: it is joined to the writes, all or none."""
        return self.call.address.operates

    @property
    def turn(self) -> int:
        """Its place in the order of writes; an operation is posted, as what is created is."""
        return WRITES.index("create" if self.operates else self.call.address.interaction)


WRITES = ("delete", "create", "update", "patch")
"""The order in which a transaction does them; reads come last. https://hl7.org/fhir/R4/http.html#trules"""


BUNDLES = frozenset({"batch", "transaction"})
APART = frozenset({"$emergency-access"})
"""What stands in no Bundle: each is decided by a person, for itself, and cannot be taken back with the rest."""


def entries_of(call: Call, server: Server) -> list[Entry]:
    """Every entry as a call of its own. Raises the refusal of the first that cannot be read, pointing at it."""
    members = call.body.get("entry", [])
    if len(members) > MOST:
        raise TooLarge.because("too-many-entries", "Bundle.entry", limit=MOST)
    return [_entry(number, member, call, server) for number, member in enumerate(members)]


def _entry(number: int, member: dict[str, Any], call: Call, server: Server) -> Entry:
    with pointing_at(number):
        own = _call(member, call, server)
    return Entry(number, member.get("fullUrl", ""), own, own.id)


def _call(member: dict[str, Any], call: Call, server: Server) -> Call:
    request = member["request"]
    path, _, query = request["url"].removeprefix(server.base).lstrip("/").partition("?")
    if ":" in path or ".." in path.split("/"):
        raise Unreadable.because("entry-elsewhere", "Bundle.entry.request.url")
    address = server.routes.find(request["method"], path)
    if address.interaction in BUNDLES:
        raise Unreadable.because("entry-bundle", "Bundle.entry.request.url")
    if address.interaction in APART:
        raise Unreadable.because("entry-apart", "Bundle.entry.request.url", name=address.interaction)
    return replace(
        call,
        address=address,
        parameters=tuple(parse_qsl(query, keep_blank_values=True)),
        body=member.get("resource"),
        preconditions=_preconditions(request),
    )


def _preconditions(request: Mapping[str, str]) -> Preconditions:
    since = span(request["ifModifiedSince"]) if "ifModifiedSince" in request else None
    return Preconditions(
        match=version_to_match(request["ifMatch"]) if "ifMatch" in request else None,
        none_match=versions_not_to_match(request.get("ifNoneMatch", "")),
        modified_since=since[0] if since else None,
        none_exist=request.get("ifNoneExist"),
    )


@contextmanager
def pointing_at(number: int) -> Iterator[None]:
    """A refusal raised inside points into the Bundle, at its entry."""
    try:
        yield
    except Refusal as refusal:
        raise pointed(number, refusal) from None


def pointed(number: int, refusal: Refusal) -> Refusal:
    """The refusal of an entry, its issues pointing into the Bundle."""
    refusal.issues = tuple(point_at(number, issue) for issue in refusal.issues)
    return refusal


def point_at(number: int, issue: Issue) -> Issue:
    """The issue of an entry's resource, its expression read from the Bundle's root."""
    _, dot, rest = issue.expression.partition(".")
    here = f"Bundle.entry[{number}]"
    return replace(issue, expression=f"{here}.resource{dot}{rest}" if issue.expression else here)


# ------------------------------------------------------------------------------------ references between entries


def named(entry: Entry) -> dict[str, str]:
    """What other entries may call a written resource, and where it will stand: its fullUrl, and for a created one with an
    absolute fullUrl the relative form too.
    """
    if not (entry.full_url and entry.writes and entry.id):
        return {}
    here = f"{entry.call.type}/{entry.id}"
    names = {entry.full_url: here}
    relative = "/".join(entry.full_url.rsplit("/", 2)[-2:])
    if entry.full_url.startswith(("http://", "https://")) and relative.startswith(f"{entry.call.type}/"):
        names[relative] = here
    return names


def conditional_references(resource: Any) -> Iterator[str]:
    """Every reference in a resource that names what it must match instead of an id: `Patient?identifier=…`."""
    return (reference for reference in references_in(resource) if _is_conditional(reference))


def _is_conditional(reference: str) -> bool:
    return reference.partition("?")[0] in r4().resource_types and "?" in reference


def resolved(entry: Entry, names: Mapping[str, str], beside: frozenset[str]) -> Entry:
    """The entry with every reference to another entry replaced by where that one will stand; `beside` are the places of them
    all. Invalid where a urn:uuid names none, or a condition meets nothing.
    """
    missing: list[str] = []
    body = _rename(entry.call.body, names, entry.call.type, missing)
    if missing:
        issues = [Issue("not-found", "reference-unresolved", where, source=f"{HTTP}#trules") for where in missing]
        raise pointed(entry.number, Invalid(*issues))
    return replace(entry, call=replace(entry.call, body=body, beside=beside))


def _rename(value: Any, names: Mapping[str, str], where: str, missing: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _rename_member(name, child, names, f"{where}.{name}", missing) for name, child in value.items()}
    if isinstance(value, list):
        return [_rename(child, names, f"{where}[{place}]", missing) for place, child in enumerate(value)]
    return names.get(value, value) if isinstance(value, str) and value.startswith("urn:") else value


def _rename_member(name: str, value: Any, names: Mapping[str, str], where: str, missing: list[str]) -> Any:
    if name == "reference" and isinstance(value, str):
        if value not in names and (value.startswith("urn:") or _is_conditional(value)):
            missing.append(where)
        return names.get(value, value)
    if name == "div" and isinstance(value, str):
        return _rename_links(value, names)
    if name == "identifier":
        return value  # a business identifier stays what it is, also when it looks like an entry's name
    return _rename(value, names, where, missing)


def _rename_links(div: str, names: Mapping[str, str]) -> str:
    for name, here in names.items():
        div = div.replace(f'"{name}"', f'"{here}"')
    return div
