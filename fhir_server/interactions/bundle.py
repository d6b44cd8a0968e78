"""FHIR batch and transaction: a Bundle's entries take the same stops as calls of their own.

https://hl7.org/fhir/R4/http.html#transaction
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec.structs import replace

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Invalid, Issue, Refusal, Unreadable, outcome
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import granted, perform, reached, write
from fhir_server.interactions.condition import Match, criteria_in, criteria_of, id_to_make, match_of, only_match
from fhir_server.interactions.entries import (
    Entry,
    conditional_references,
    entries_of,
    named,
    point_at,
    pointed,
    pointing_at,
    resolved,
)
from fhir_server.interactions.resent import sent_before
from fhir_server.interactions.trail import trail_of
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.storage.store import Change, Grant, Matches, Overtaken, Stored
from fhir_server.storage.store import Entry as AuditEntry


async def batch(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and an answer for each entry, in their order; one entry's refusal does not touch the others."""
    _refuse_shell(call, server)
    answers: list[Answer] = []
    for part in _parts(entries_of(call, server)):
        async with asyncio.TaskGroup() as together:
            asked = [together.create_task(_apart(entry, server)) for entry in part]
        answers += [task.result() for task in asked]
    return _respond("batch-response", call, answers, server)


READ_TOGETHER = 16
"""So many reads of a batch are answered at a time: what the trail is told of them is then made durable once."""


def _parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Reads that follow each other together, everything else alone: it sees what the entries before it have done."""
    part: list[Entry] = []
    for entry in entries:
        alone = entry.writes or entry.operates
        if part and (alone or len(part) == READ_TOGETHER):
            yield part
            part = []
        if alone:
            yield [entry]
        else:
            part.append(entry)
    if part:
        yield part


async def _apart(entry: Entry, server: Server) -> Answer:
    try:
        return await perform(entry.call, server)
    except Refusal as refusal:
        return Answer(refusal.status, issues=refusal.issues, seen=None)


async def transaction(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and an answer for each entry, in their order; or one refusal, and nothing written. The reads come when all is
    written: a refusal of one is its own entry's answer, since nothing can be taken back by then; but for a scope or a role that
    is missing, which is known before.
    """
    _refuse_shell(call, server)
    entries = entries_of(call, server)
    grants = {entry.number: _granted(entry, server) for entry in entries}
    entries = [await _identified(entry, server) for entry in entries]
    names = {name: here for entry in entries for name, here in named(entry).items()}
    looked_up = await _looked_up(entries, server)
    met = {reference: f"{stored.type}/{stored.id}" for reference, match in looked_up.items() for stored in match.found}
    beside = {f"{entry.call.type}/{entry.id}" for entry in entries if entry.writes}.union(met.values())
    entries = [resolved(entry, names | met, frozenset(beside)) for entry in entries]
    conditions = tuple(match.condition for match in looked_up.values())
    writing = [entry for entry in entries if entry.writes or entry.operates]
    answers = await _write(call, writing, conditions, grants, grant, server)
    for entry in entries:
        if entry.number not in answers:
            answers[entry.number] = await _apart(entry, server)
    return _respond("transaction-response", call, [answers[entry.number] for entry in entries], server)


def _granted(entry: Entry, server: Server) -> Grant:
    """What an entry may do, whatever the others may. Forbidden, before anything is looked up or done."""
    with pointing_at(entry.number):
        return granted(entry.call, server)


def _refuse_shell(call: Call, server: Server) -> None:
    """The Bundle without its resources must be valid: they are looked at one by one, as bodies of their own."""
    body = call.body
    entries = body.get("entry") if isinstance(body, dict) else None
    if isinstance(entries, list) and all(isinstance(member, dict) for member in entries):
        body = {
            **body,
            "entry": [{name: own for name, own in member.items() if name != "resource"} for member in entries],
        }
    refuse_invalid(server.content.validator.issues(body))


async def _identified(entry: Entry, server: Server) -> Entry:
    """The entry with the id that its resource has or will have, so that others can refer to it: to what is deleted nobody
    does.
    """
    if not entry.writes or entry.call.id or entry.call.address.interaction == "delete":
        return entry
    assigned = id_to_make(entry.call, server)
    entry = replace(entry, id=assigned, call=replace(entry.call, assigned=assigned))
    criteria = criteria_of(entry.call)
    with pointing_at(entry.number):
        match = await match_of(entry.call, criteria, server) if criteria is not None else None
        found = match.stored if match is not None else None
        if found is None and entry.call.address.interaction == "create":
            found = await _sent_before(entry.call, server)
    return replace(entry, id=found.id) if found else entry


async def _sent_before(call: Call, server: Server) -> Stored | None:
    """The message that an entry sends again. What is not valid is told of later, with all else that is not."""
    valid = isinstance(call.body, dict) and call.type == "Communication" == call.body.get("resourceType")
    try:
        refuse_invalid(server.content.validator.issues(call.body) if valid else ())
    except Invalid:
        valid = False
    return await sent_before(call.body, call, server) if valid else None


async def _looked_up(entries: Iterable[Entry], server: Server) -> dict[str, Match]:
    """What each conditional reference (`Patient?identifier=…`) means: the one resource that matches. One that matches
    nothing is not here. https://hl7.org/fhir/R4/http.html#trules
    """
    found: dict[str, Match] = {}
    for entry in entries:
        for reference in conditional_references(entry.call.body):
            with pointing_at(entry.number):
                type = reference.partition("?")[0]
                grant = granted(entry.call, server, "search-type", type)
                match = await only_match(type, criteria_in(reference), grant, server)
            if match.stored is not None:
                found[reference] = match
    return found


async def _write(
    call: Call,
    entries: Iterable[Entry],
    conditions: tuple[Matches, ...],
    grants: Mapping[int, Grant],
    grant: Grant,
    server: Server,
) -> dict[int, Answer]:
    ordered = sorted(entries, key=lambda entry: entry.turn)
    results = await _results(ordered, grants, server)
    proposals = {number: result for number, result in results.items() if isinstance(result, Proposal)}
    writes = {entry.number for entry in ordered if entry.writes}
    answers = {number: result for number, result in results.items() if isinstance(result, Answer) and number in writes}
    beside = _found_trail([entry for entry in ordered if entry.number in answers], answers, grants, server)
    if proposals or beside:
        joined = _joined(proposals, conditions)
        stored = iter(await write(joined, call, grant, server, beside))
        for number, proposal in proposals.items():
            answers[number] = proposal.tell(tuple(next(stored) for _ in proposal.changes))
    return answers


def _found_trail(
    entries: Iterable[Entry], answers: Mapping[int, Answer], grants: Mapping[int, Grant], server: Server
) -> tuple[AuditEntry, ...]:
    """What the trail is told of writes that met what they wanted, and write nothing: what is shown of it was seen."""
    return tuple(
        row
        for entry in entries
        if (answer := answers[entry.number]).seen is not None
        for row in trail_of(entry.call, grants[entry.number], server, answer.status, answer.seen)
    )


async def _results(
    entries: Sequence[Entry], grants: Mapping[int, Grant], server: Server
) -> dict[int, Answer | Proposal]:
    """What each write proposes; every invalid resource is named before anything is refused."""
    results: dict[int, Answer | Proposal] = {}
    issues: list[Issue] = []
    for entry in entries:
        try:
            results[entry.number] = await _result(entry, grants[entry.number], server)
        except Invalid as invalid:
            issues += [point_at(entry.number, issue) for issue in invalid.issues]
        except Refusal as refusal:
            raise pointed(entry.number, refusal) from None
        await asyncio.sleep(0)  # a Bundle is long: let the reads beside it through
    if issues:
        raise Invalid(*issues)
    return results


async def _result(entry: Entry, grant: Grant, server: Server) -> Answer | Proposal:
    call = entry.call
    result = await server.table[call.address.interaction](call, grant, server)
    ids = _ids(result)
    if entry.writes and entry.id and ids and entry.id not in ids:
        raise Overtaken  # another writer made the resource since the references were resolved
    return reached(result, grant) if isinstance(result, Proposal) else result


def _ids(result: Answer | Proposal) -> set[str]:
    """The ids that a write is about, as they stand in its changes or its location; a deletion of nothing is about any."""
    if isinstance(result, Proposal):
        return {change.id for change in result.changes}
    return set(result.location.split("/")[1:2])


def _joined(proposals: Mapping[int, Proposal], conditions: tuple[Matches, ...]) -> Proposal:
    _refuse_twins((number, change) for number, proposal in proposals.items() for change in proposal.changes)
    return Proposal(
        tuple(change for proposal in proposals.values() for change in proposal.changes),
        lambda _: Answer(200),
        conditions + tuple(condition for proposal in proposals.values() for condition in proposal.conditions),
    )


def _refuse_twins(changes: Iterable[tuple[int, Change]]) -> None:
    seen: set[tuple[str, str]] = set()
    for number, change in changes:
        if (change.type, change.id) in seen:
            raise pointed(number, Unreadable.because("entry-twice"))
        seen.add((change.type, change.id))


def _respond(kind: str, call: Call, answers: Sequence[Answer], server: Server) -> Answer:
    entries = [_entry(answer, call, server) for answer in answers]
    bundle = {"resourceType": "Bundle", "type": kind, **({"entry": entries} if entries else {})}
    return Answer(200, encode(bundle), seen=None)


def _entry(answer: Answer, call: Call, server: Server) -> dict[str, Any]:
    response: dict[str, Any] = {"status": f"{answer.status} {HTTPStatus(answer.status).phrase}"}
    if answer.location:
        response["location"] = f"{server.base}/{answer.location}"
    if answer.version is not None:
        response["etag"] = f'W/"{answer.version}"'
    if answer.updated is not None:
        response["lastModified"] = instant(answer.updated)
    if issues := answer.issues:
        response["outcome"] = outcome(issues, call.language)
    shown = answer.text and answer.status != HTTPStatus.NOT_MODIFIED
    if shown and not (answer.preferable and call.preference.returns == "minimal"):
        return {"resource": msgspec.Raw(answer.text), "response": response}
    return {"response": response}
