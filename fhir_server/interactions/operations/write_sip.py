"""CarePlan/$write-sip: a whole SIP as one small plain-text document, split into its resources and written all or none.

What the document may say is `process/sip/word.py`; each resource takes the way of any create.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace

from fhir_server.fhir.codec import decode
from fhir_server.fhir.outcome import Ambiguous, Conflict, Invalid, Issue, Unreadable
from fhir_server.fhir.reference import parse_reference
from fhir_server.interactions.call import Address, Answer, Call, Proposal, Server
from fhir_server.interactions.commit import granted, reached
from fhir_server.interactions.condition import Match, only_match
from fhir_server.interactions.operations.parameters import parameter
from fhir_server.interactions.preconditions import Preconditions
from fhir_server.process.sip.document import Document, only_first, read_document, shut_out, unknown
from fhir_server.process.sip.name import OF_PERSON, Name
from fhir_server.process.sip.split import URIS, Found, split
from fhir_server.process.sip.when import clock_reading
from fhir_server.search.values.escape import escaped
from fhir_server.storage.store import Grant


async def write_sip(call: Call, grant: Grant, server: Server) -> Answer | Proposal:
    """201 and the CarePlan; 200 and the one that is there already where the document's `Identifierare` names it. Unreadable
    without a document, Invalid with an issue for each line that is wrong or missing, Conflict where the identifier is that
    of another person's plan.
    """
    now = clock_reading(server.clock())
    document, issues = read_document(_text(call), now.date())
    looked_up = _LookedUp(call, server)
    issues += [issue async for issue in _unknown(document, looked_up)]
    issues += shut_out(document, looked_up.found)
    if issues:
        raise Invalid(*only_first(issues))
    resources = split(document, looked_up.found, server.new_id, now)
    return await _proposed(resources, document, looked_up, call, server)


def _text(call: Call) -> str:
    text = parameter(call, "document")
    if not isinstance(text, str):
        raise Unreadable.because("no-document", "Parameters.parameter")
    return text


# ------------------------------------------------------------------------------------------------ who is meant


class _LookedUp:
    """Whom the names of a document mean, as far as the caller may know; each is looked up once."""

    def __init__(self, call: Call, server: Server) -> None:
        self._call = call
        self._server = server
        self.matches: list[Match] = []
        self.found: dict[Name, Found] = {}

    async def look_up(self, name: Name, person: Found | None) -> None:
        """Finds who is meant, a relative or another plan among those of the person. Ambiguous where several are."""
        if name in self.found:
            return
        for type in name.types:
            of_person = [("patient", person.reference)] if person and (type,) in OF_PERSON else []
            grant = granted(self._call, self._server, "search-type", type)
            match = await only_match(type, [(name.parameter, name.value), *of_person], grant, self._server)
            if match.stored is not None:
                self.matches.append(match)
                self.found[name] = Found(f"{type}/{match.stored.id}", _display(decode(match.stored.text)))
                return


async def _unknown(document: Document, looked_up: _LookedUp) -> AsyncIterator[Issue]:
    """An issue for each line that names nobody, or several; of what is the person's own only where the person is known."""
    for number, name in document.names:
        person = looked_up.found.get(document.person) if document.person else None
        if name.types in OF_PERSON and person is None:
            continue
        try:
            await looked_up.look_up(name, person)
        except Ambiguous:
            yield unknown(number, name, several=True)
            continue
        if name not in looked_up.found:
            yield unknown(number, name)


def _display(resource: dict[str, Any]) -> str:
    """What a unit or a member of staff is called; of the person and of relatives nothing is copied."""
    called = {"Organization": resource.get("name"), "PractitionerRole": resource.get("practitioner", {}).get("display")}
    return called.get(resource["resourceType"]) or ""


# ------------------------------------------------------------------------------------------------ what is written


async def _proposed(
    resources: Sequence[dict[str, Any]], document: Document, looked_up: _LookedUp, call: Call, server: Server
) -> Answer | Proposal:
    """All of it together, or the plan that is there already."""
    plan, *others = resources
    found = {one.reference for one in looked_up.found.values()}
    call = replace(call, beside=frozenset(found) | {f"{one['resourceType']}/{one['id']}" for one in resources})
    made = await _created(plan, call, server, identifier=document.one("Identifierare"))
    if isinstance(made, Answer):
        return _refuse_foreign(made, plan)
    rest = [await _created(other, call, server) for other in others]
    proposals = [made, *(one for one in rest if isinstance(one, Proposal))]
    return Proposal(
        tuple(change for proposal in proposals for change in proposal.changes),
        lambda stored: made.tell(stored[:1]),
        (
            *(condition for proposal in proposals for condition in proposal.conditions),
            *(match.condition for match in looked_up.matches),
        ),
    )


async def _created(
    resource: dict[str, Any], call: Call, server: Server, identifier: str | None = None
) -> Answer | Proposal:
    """What a create of the resource under its id would be; with an identifier, a conditional one."""
    type = resource["resourceType"]
    condition = urlencode({"identifier": f"{URIS}|{escaped(identifier)}"}) if identifier else None
    create = replace(
        call,
        address=Address("create", type),
        assigned=resource["id"],
        parameters=(),
        body=resource,
        preconditions=Preconditions(none_exist=condition),
    )
    grant = granted(call, server, "create", type)
    result = await server.table["create"](create, grant, server)
    return reached(result, grant) if isinstance(result, Proposal) else result


def _refuse_foreign(found: Answer, plan: dict[str, Any]) -> Answer:
    """An identifier names one plan, of one person."""
    theirs, ours = (parse_reference(one["subject"].get("reference", "")) for one in (decode(found.text), plan))
    if theirs is None or ours is None or theirs.id != ours.id:
        raise Conflict.because("sip-identifier-taken")
    return found
