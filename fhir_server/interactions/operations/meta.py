"""$meta, $meta-add, $meta-delete: tags, security labels and profiles, apart from the content.

https://hl7.org/fhir/R4/resource-operation-meta.html
https://hl7.org/fhir/R4/resource-operation-meta-add.html
https://hl7.org/fhir/R4/resource-operation-meta-delete.html
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.outcome import TooLarge, Unreadable
from fhir_server.interactions.call import Answer, Call, Proposal, Server
from fhir_server.interactions.commit import put_over, told, written
from fhir_server.interactions.operations.parameters import answered, parameter
from fhir_server.interactions.shown import Whole, shown
from fhir_server.interactions.validity import refuse_invalid
from fhir_server.storage.store import Grant, Stored

LISTS = ("profile", "security", "tag")
MOST = 1000
"""So many labels of a kind are listed."""


async def meta(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the meta of the current version; of a type, or of all of them, the labels in use. TooLarge for more of them than
    are listed.
    """
    if not call.id:
        return await _in_use([call.type] if call.type else _labelled(server), grant, server)
    stored = await server.store.read(call.type, call.id, grant)
    (seen,) = await shown((stored,), call, server)
    return _shown(told(seen, 200), stored)


async def _in_use(types: Iterable[str], grant: Grant, server: Server) -> Answer:
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in LISTS}
    for type in types:
        for name, labels in found.items():
            labels |= set(await server.store.values(type, f"_{name}", grant, count=MOST + 1))
            if len(labels) > MOST:
                raise TooLarge.because("too-many-labels", limit=MOST)
    meta = {name: [_label(name, *pair) for pair in sorted(labels)] for name, labels in found.items() if labels}
    return Answer(200, encode(answered("return", valueMeta=meta) if meta else {"resourceType": "Parameters"}))


def _labelled(server: Server) -> Iterator[str]:
    """The types that the server keeps."""
    return (row["type"] for row in server.statement["rest"][0]["resource"])


def _label(name: str, system: str, code: str) -> str | dict[str, str]:
    """A profile's address, or a coding without the words that one resource or another gives it."""
    if name == "profile":
        return code
    return {member: value for member, value in (("system", system), ("code", code)) if value}


async def meta_add(call: Call, grant: Grant, server: Server) -> Proposal:
    """What is given is added; what is there already stays once. Invalid for a profile that the resource does not keep to."""
    return await _change(call, grant, server, _with)


async def meta_delete(call: Call, grant: Grant, server: Server) -> Proposal:
    """What is given is taken away; what is not there is passed over."""
    return await _change(call, grant, server, _without)


async def _change(call: Call, grant: Grant, server: Server, combine: Callable[[Any, Any], list[Any]]) -> Proposal:
    given = parameter(call, "meta")
    if not isinstance(given, dict):
        raise Unreadable.because("no-body", expected="Parameters (meta: Meta)")
    refuse_invalid(server.content.validator.issues(given, type="Meta"))
    stored = await server.store.read(call.type, call.id, grant)
    resource = decode(stored.text)
    claimed = resource["meta"].get("profile", [])
    resource["meta"] = _combined(resource["meta"], given, combine)
    if not set(claimed).issuperset(resource["meta"].get("profile", [])):
        refuse_invalid(server.content.validator.issues(resource))
    change = await put_over(stored, Whole(resource), call, server, method="PUT")
    return Proposal((change,), lambda after: _shown(written(after[0]), after[0]))


def _combined(own: dict[str, Any], given: dict[str, Any], combine: Callable[[Any, Any], list[Any]]) -> dict[str, Any]:
    lists = {name: combine(own.get(name, []), given[name]) for name in LISTS if name in given}
    return {name: value for name, value in (own | lists).items() if value}


def _with(own: list[Any], given: list[Any]) -> list[Any]:
    known = {_identity(one) for one in own}
    return own + [one for one in given if _identity(one) not in known]


def _without(own: list[Any], given: list[Any]) -> list[Any]:
    named = {_identity(one) for one in given}
    return [one for one in own if _identity(one) not in named]


def _identity(one: Any) -> Any:
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else one


def _shown(answer: Answer, stored: Stored) -> Answer:
    text = encode(answered("return", valueMeta=decode(stored.text)["meta"]))
    return Answer(200, text, stored.version, stored.updated, seen=answer.seen)
