"""What comes along with the matches of a search: what they name, and what names them.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Gone, Issue, NotFound
from fhir_server.fhir.reference import parse_reference
from fhir_server.interactions.call import Call, Server, Shown
from fhir_server.interactions.shown import shown
from fhir_server.search.include import EVERY, Include, references_of
from fhir_server.search.parameter import APART, Parameter
from fhir_server.search.query import Criterion, Identity, Query, Reference, Token, some
from fhir_server.storage.store import Grant, Stored

MOST = 1000
"""So many resources come along with a page; that there were more is said."""
TOGETHER = 500
"""So many references are asked for at once."""
CUT = Issue(
    "too-costly",
    "include-cut",
    said={"limit": MOST},
    severity="warning",
    source="https://hl7.org/fhir/R4/search.html#include",
)

Place: TypeAlias = tuple[str, str]
"""Type and id; of a canonical "" and the address."""


@dataclass(slots=True)
class Along:
    """What came along, each once, and whether more would have."""

    call: Call
    grant: Grant
    server: Server
    known: set[tuple[str, str, int]]
    found: list[Shown] = field(default_factory=list)
    cut: bool = False

    def add(self, stored: Iterable[Shown]) -> list[Shown]:
        """Those that are new, as far as there is room."""
        fresh = []
        for one in stored:
            key = (one.type, one.id, one.version)
            if key in self.known:
                continue
            if len(self.found) == MOST:
                self.cut = True
                break
            self.known.add(key)
            self.found.append(one)
            fresh.append(one)
        return fresh


async def included(
    matches: Sequence[Shown], includes: Sequence[Include], call: Call, grant: Grant, server: Server
) -> tuple[list[Shown], list[Issue]]:
    """What comes along with the matches of a page, in the order it was found, by what the caller is shown of them; and what is to
    be said of it.
    """
    along = Along(call, grant, server, {(one.type, one.id, one.version) for one in matches})
    asked: Sequence[Include] = includes
    latest: Sequence[Shown] = matches
    while asked and latest and not along.cut:
        fresh: list[Shown] = []
        for include in asked:
            step = _named(latest, include, along) if not include.reverse else _naming(latest, include, along)
            fresh += along.add(await shown([stored async for stored in step], call, server))
        asked, latest = [one for one in includes if one.iterate], fresh
    return along.found, [CUT] if along.cut else []


# ------------------------------------------------------------------------------------ what they name


async def _named(latest: Iterable[Shown], include: Include, along: Along) -> AsyncIterator[Stored]:
    places: dict[Place, None] = {}
    versions: dict[tuple[str, str, int], None] = {}
    for one in latest:
        for type, id, version in _references(one, include, along.server):
            if version.isascii() and version.isdigit():
                versions[type, id, int(version)] = None
            else:
                places[type, id] = None
    for place in versions:
        try:
            yield await along.server.store.vread(*place, along.grant)
        except (NotFound, Gone):
            continue
    async for stored in _fetched(places, include, along):
        yield stored


def _references(stored: Shown, include: Include, server: Server) -> Iterator[tuple[str, str, str]]:
    """Type, id and version of what a resource names by the parameter of an include."""
    if include.source not in {EVERY, stored.type}:
        return
    resource = None
    for code, parameter in references_of(server.content.parameters, stored.type).items():
        if include.parameter in {EVERY, code}:
            resource = resource or decode(stored.text)
            for type, id, version in _told(parameter, resource, server.base):
                if type not in APART and (include.target in {"", type} or not type):
                    yield type, id, version


def _told(parameter: Parameter, resource: dict[str, Any], base: str) -> Iterator[tuple[str, str, str]]:
    for path in parameter.paths:
        for value in path.values(resource):
            text = value.get("reference") if isinstance(value, dict) else value
            if not isinstance(text, str):
                continue
            literal = parse_reference(text)
            if path.type == "canonical":
                yield "", text, ""
            elif literal is not None and (literal.form == "relative" or literal.base == base):
                yield literal.type, literal.id, literal.version


async def _fetched(places: Iterable[Place], include: Include, along: Along) -> AsyncIterator[Stored]:
    by_type: dict[str, list[str]] = {}
    for type, id in places:
        by_type.setdefault(type, []).append(id)
    for canonical in by_type.pop("", ()):
        async for stored in _canonical(canonical, include, along):
            yield stored
    for type, ids in by_type.items():
        for some_ids in _in_parts(ids):
            async for stored in _found(type, Identity(frozenset(some_ids)), along):
                yield stored


async def _canonical(canonical: str, include: Include, along: Along) -> AsyncIterator[Stored]:
    """The definitions of an address, of the version that it names if it names one."""
    url, _, version = canonical.partition("|")
    for type in [include.target] if include.target else _addressed(along.server):
        async for stored in _found(type, Token("url", None, url), along):
            if not version or decode(stored.text).get("version") == version:
                yield stored


def _addressed(server: Server) -> list[str]:
    """The types that have an address of their own."""
    return [type for type in server.types if "url" in server.content.parameters.of(type)]


# ------------------------------------------------------------------------------------ what names them


async def _naming(latest: Iterable[Shown], include: Include, along: Along) -> AsyncIterator[Stored]:
    by_type: dict[str, list[str]] = {}
    for one in latest:
        if include.target in {"", one.type}:
            by_type.setdefault(one.type, []).append(one.id)
    for source in along.server.types if include.source == EVERY else [include.source]:
        references = references_of(along.server.content.parameters, source)
        for type, ids in by_type.items():
            codes = [code for code, one in references.items() if _asked(code, one, include, type)]
            for some_ids in _in_parts(ids) if codes else ():
                async for stored in _found(source, _pointing(codes, type, some_ids), along):
                    yield stored


def _asked(code: str, parameter: Parameter, include: Include, type: str) -> bool:
    return include.parameter in {EVERY, code} and type in (parameter.targets or {type})


def _pointing(codes: Iterable[str], type: str, ids: Iterable[str]) -> Criterion:
    return some(*(Reference(code, type, id) for code in codes for id in ids))


async def _found(type: str, where: Criterion, along: Along) -> AsyncIterator[Stored]:
    if type in APART or type not in along.server.types:
        return
    page = await along.server.store.search(Query(type, where), along.grant, count=MOST + 1, total=False)
    for stored in page.items:
        yield stored


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER))
