"""FHIR history of one resource, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from fhir_server.fhir.instant import span
from fhir_server.fhir.outcome import BadParameter
from fhir_server.interactions.call import Answer, Call, Server
from fhir_server.interactions.listing import PAGE, happened, links, listing, position
from fhir_server.storage.store import Grant

DEFAULT_COUNT = 20
MOST = 1000
KNOWN = ("_count", "_since", "_format", "_pretty", PAGE)


async def history(call: Call, grant: Grant, server: Server) -> Answer:
    """200 and the versions of one page, deletions too; NotFound where there never was one."""
    given = _parameters(call)
    path = f"{call.type}/{call.id}/_history"
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    here = given.get(PAGE, "")
    after = position(server, path, pairs, here)
    page = await server.store.history(
        call.type, call.id, grant, count=_count(given), before=_version(after), since=_since(given)
    )
    entries = [happened(stored, server) for stored in page.items]
    return Answer(200, listing("history", entries, links(server, path, pairs, page, here), page.total), seen=page.items)


def _parameters(call: Call) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in call.parameters:
        if name not in KNOWN:
            if call.preference.lenient:
                continue
            raise BadParameter.because("unknown-parameter", name=name, type="_history", allowed=", ".join(KNOWN[:2]))
        if name in given:
            raise BadParameter.because("parameter-repeated", name=name)
        given[name] = value
    return given


def _count(given: dict[str, str]) -> int:
    value = given.get("_count", str(DEFAULT_COUNT))
    if not (value.isascii() and value.isdigit() and len(value) < 10) or value == "0":  # noqa: PLR2004  # ten digits: no count
        raise BadParameter.because("parameter-value", name="_count", expected=f"1 to {MOST}")
    return min(int(value), MOST)


def _since(given: dict[str, str]) -> int | None:
    if "_since" not in given:
        return None
    found = span(given["_since"])
    if found is None:
        raise BadParameter.because("parameter-value", name="_since", expected="an instant: 2026-03-02T10:00:00Z")
    return found[0]


def _version(after: tuple[str | int | None, ...] | None) -> int | None:
    return after[0] if after and isinstance(after[0], int) else None
