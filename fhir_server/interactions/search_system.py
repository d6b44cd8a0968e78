"""FHIR search in several types at once: of the whole server, or of a compartment.

https://hl7.org/fhir/R4/http.html#search https://hl7.org/fhir/R4/search.html#type

Every parameter must be known to every type that is searched. Without `_sort` the types follow each other in the order of
their names; what may be sorted by is what the resources of all types have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec.structs import replace

from fhir_server.fhir.outcome import BadParameter
from fhir_server.fhir.subset import Subset, read_subset
from fhir_server.interactions.call import Address, Answer, Call, Server, Shown
from fhir_server.interactions.include import included
from fhir_server.interactions.listing import links, listing, matched, noted, position
from fhir_server.interactions.shown import shown
from fhir_server.search.parameter import APART
from fhir_server.search.parse import Search
from fhir_server.search.query import Query, Sort, every
from fhir_server.storage.store import COUNTED, Grant, Page, Stored

TYPE = "_type"
SORTED = ("_id", "_lastUpdated")
LAST = "\uffff"
"""Comes after every id."""

Position: TypeAlias = tuple[str | int | float | None, ...]


async def search_system(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the matches of one page, of all types that are asked for; BadParameter for what is not understood."""
    types = _types(call, server)
    asked = _asked(call, types, server)
    first = asked[types[0]]
    _refuse_sort(first.query.sort)
    named = [pair for pair in call.parameters if pair[0] == TYPE]
    understood, path = (*named, *first.understood), call.address.path
    after = position(server, path, understood, first.page)
    subset = read_subset(call.parameters)
    walk = _Walk(asked, call.address, grant, server)
    page = await walk.page(0 if subset.counts else first.count, after)
    if subset.counts or first.counts(first=after is None):
        page = replace(page, total=await walk.total())
    matches = await shown(page.items, call, server)
    along, issues = await included(matches, first.includes, call, grant, server)
    entries = _entries(matches, along, server, subset) + noted((*first.warnings, *issues), call.language)
    found = links(server, path, understood, page, first.page)
    return Answer(200, listing("searchset", entries, found, page.total), seen=(*matches, *along))


def _entries(matches: Sequence[Shown], along: Sequence[Shown], server: Server, subset: Subset) -> list[dict[str, Any]]:
    found = [matched(stored, server, subset) for stored in matches]
    return found + [matched(stored, server, subset, mode="include") for stored in along]


def _types(call: Call, server: Server) -> list[str]:
    """The types to be searched, in the order of their names."""
    there = set(server.types) - APART
    if call.address.compartment:
        there &= server.content.compartments.types(call.address.compartment)
    named = {type for name, value in call.parameters if name == TYPE for type in value.split(",")}
    if not named <= there:
        raise BadParameter.because("parameter-value", name=TYPE, expected=", ".join(sorted(there)))
    return sorted(named or there)


def _asked(call: Call, types: Sequence[str], server: Server) -> dict[str, Search]:
    pairs = [pair for pair in call.parameters if pair[0] != TYPE]
    lenient = call.preference.lenient
    return {type: server.content.parser.parse(type, pairs, lenient=lenient) for type in types}


def _refuse_sort(sort: Sequence[Sort]) -> None:
    if any(key.parameter not in SORTED for key in sort):
        raise BadParameter.because("parameter-value", name="_sort", expected=f"[-]{'|'.join(SORTED)}")


@dataclass(frozen=True, slots=True)
class _Walk:
    """The searches of the single types, as one."""

    asked: Mapping[str, Search]
    address: Address
    grant: Grant
    server: Server

    async def page(self, count: int, after: Position | None) -> Page:
        """So many matches from a position on. It is made of the sort values, the type and the id of the last one shown."""
        sort = next(iter(self.asked.values())).query.sort
        found: list[Stored] = []
        for type in self.asked:
            if sort or len(found) <= count:
                found += (await self._search(type, count + 1, _from(type, after))).items
        if sort:
            found.sort(key=lambda stored: (stored.type, stored.id))
            for key in reversed(sort):
                found.sort(key=lambda stored: _value(key, stored), reverse=key.descending)  # called at once
        shown = found[:count]
        if not shown or len(found) <= count:
            return Page(tuple(shown))
        last = shown[-1]
        return Page(tuple(shown), next=(*(_value(key, last) for key in sort), last.type, last.id))

    async def total(self) -> int | None:
        """How many match in all types; None past COUNTED."""
        count = 0
        for type in self.asked:
            of_type = (await self._search(type, 0, None, total=True)).total
            if of_type is None:
                return None
            count += of_type
        return count if count <= COUNTED else None

    async def _search(self, type: str, count: int, after: Position | None, *, total: bool = False) -> Page:
        query: Query = self.asked[type].query
        where = every(*self.server.content.within(replace(self.address, type=type)), query.where)
        query = replace(query, where=where)
        return await self.server.store.search(query, self.grant, count=count, after=after, total=total)


def _from(type: str, after: Position | None) -> Position | None:
    """Where the search of a type goes on: at its beginning among equals where it stands after the type of the position, past
    its end where it stands before.
    """
    if after is None:
        return None
    *values, last_type, last_id = after
    id = last_id if type == last_type else "" if type > str(last_type) else LAST
    return (*values, id)


def _value(key: Sort, stored: Stored) -> Any:
    return stored.id if key.parameter == "_id" else stored.updated
