"""On which side of an action a narrowed caller stands: who does it, or who asked for it."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from fhir_server.access.moves import OWNER, REQUESTER
from fhir_server.access.standing import Standing
from fhir_server.fhir.extension import extensions, value_of
from fhir_server.interactions.call import Server
from fhir_server.interactions.pointing import place_of
from fhir_server.interactions.stays import Json
from fhir_server.interactions.unit import units_from
from fhir_server.process.sip.approval import DIGITALLY

CITIZENS = ("Patient/", "RelatedPerson/")


async def sides_of(
    standing: Standing, action: Json, after: Json | None, asking: Iterable[Any], server: Server
) -> frozenset[str]:
    """The sides of an action that the caller is on; `asking` are the references to those who ask beside its requester. What
    somebody answered who is no member of staff may be recorded by who asked: the version `after` says by whom, and how it was given.
    """
    own = {one async for one in own_places(standing, server)}
    owner = place_at(action.get("owner"), server)
    asks = not own.isdisjoint(place_at(one, server) for one in (action.get("requester"), *asking))
    recorded = asks and owner.startswith(CITIZENS) and after is not None and records(after, standing, server)
    sides = ((OWNER, owner in own or recorded), (REQUESTER, asks))
    return frozenset(side for side, stands in sides if stands)


def place_at(reference: Any, server: Server) -> str:
    """`Type/id` of what a Reference leads to here; "" for none, and for what is elsewhere."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    return place_of(text, server) if isinstance(text, str) else ""


async def own_places(standing: Standing, server: Server) -> AsyncIterator[str]:
    """What a caller is named by: the person and the commission, the unit and whatever is above it; a citizen, or whom it is to the
    person for whom it acts.
    """
    for one in (*standing.actors, standing.provider):
        if one:
            yield one
    for place in await units_from(standing.unit, server):
        yield place
    if standing.kind == "citizen" and standing.patient:
        yield f"Patient/{standing.patient}"
    for ward in standing.wards:
        if ward.start <= server.clock() < ward.until:
            yield ward.relative


def records(action: Json, standing: Standing, server: Server) -> bool:
    """Whether a version says that this member of staff wrote down what was said or signed."""
    means = [value_of(one) for one in extensions(action, "means")]
    by = [place_at(value_of(one), server) for one in extensions(action, "recorded-by")]
    return bool(means) and DIGITALLY not in means and not standing.actors.isdisjoint(by)


async def is_within(owner: str, provider: str, server: Server) -> bool:
    """Whether a unit or a commission (`Type/id`) is of this care provider; of a person alone nobody can tell."""
    return bool(provider) and provider in await units_from(owner, server)


async def provider_of(owner: str, server: Server) -> str:
    """The care provider that answers for a unit or a commission (`Type/id`): the organization that none is above; itself where nothing
    is told of it.
    """
    return (await units_from(owner, server) or [owner])[-1]
