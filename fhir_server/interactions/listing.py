"""A Bundle that lists stored versions, built from their texts as they are: for searches and histories.

https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlencode

import msgspec

from fhir_server.fhir.codec import encode
from fhir_server.fhir.instant import instant, span
from fhir_server.fhir.outcome import BadParameter, Issue, outcome, repeated
from fhir_server.fhir.subset import WHOLE, Subset
from fhir_server.interactions.call import Call, Server, Shown
from fhir_server.interactions.commit import text_of
from fhir_server.storage.page import seal, unseal
from fhir_server.storage.store import Page

Pairs: TypeAlias = Sequence[tuple[str, str]]
PAGE = "_page"
_DESTROYED = Issue("deleted", "destroyed", severity="information")
MOST = 1000
"""Entries on one page."""


def matched(stored: Shown, server: Server, subset: Subset = WHOLE, mode: str = "match") -> dict[str, Any]:
    """The entry of a search: a match, or what comes along (`include`), under its address, whole or the part of it that is
    asked for.
    """
    return {
        "fullUrl": f"{server.base}/{stored.type}/{stored.id}",
        "resource": msgspec.Raw(text_of(stored, subset)),
        "search": {"mode": mode},
    }


def noted(issues: Iterable[Issue], language: str) -> list[dict[str, Any]]:
    """The entry of a search that says what was left aside; none where nothing was.
    https://hl7.org/fhir/R4/search.html#errors
    """
    found = tuple(issues)
    return [{"resource": outcome(found, language), "search": {"mode": "outcome"}}] if found else []


def happened(stored: Shown, server: Server, subset: Subset = WHOLE, language: str = "en") -> dict[str, Any]:
    """The entry of a history: what was asked, what came of it; a deletion has no resource, and what is left of a destruction
    says that it was one.
    """
    address = f"{stored.type}/{stored.id}"
    resource = {} if stored.deleted else {"resource": msgspec.Raw(text_of(stored, subset))}
    return {
        "fullUrl": f"{server.base}/{address}",
        **resource,
        "request": {
            "method": "DELETE" if stored.destroyed else stored.method,
            "url": stored.type if stored.method == "POST" else address,
        },
        "response": {
            "status": "204" if stored.deleted else "201" if stored.version == 1 else "200",
            "etag": f'W/"{stored.version}"',
            "lastModified": instant(stored.updated),
            **({"outcome": outcome([_DESTROYED], language)} if stored.destroyed else {}),
        },
    }


def listing(kind: str, entries: Sequence[dict[str, Any]], links: Sequence[dict[str, str]], total: int | None) -> bytes:
    """The Bundle (`searchset`, `history`) as JSON; empty lists and an unknown total are left out."""
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        bundle["total"] = total
    bundle["link"] = links
    if entries:
        bundle["entry"] = entries
    return encode(bundle)


def links(server: Server, path: str, pairs: Pairs, page: Page, here: str = "") -> list[dict[str, str]]:
    """The self link, which shows what was understood, and the next one where there is more."""
    own = [*pairs, (PAGE, here)] if here else pairs
    found = [{"relation": "self", "url": _url(server, path, own)}]
    if page.next is not None:
        token = seal(server.secret, _bound(path, pairs), page.next)
        found.append({"relation": "next", "url": _url(server, path, [*pairs, (PAGE, token)])})
    return found


def position(server: Server, path: str, pairs: Pairs, token: str) -> tuple[str | int | float | None, ...] | None:
    """Where the page of a token starts; None without a token. BadParameter for one not given out for this list."""
    return unseal(server.secret, _bound(path, pairs), token) if token else None


def count_in(given: Mapping[str, str], default: int) -> int:
    """How many entries a page holds: `_count`, never more than MOST. BadParameter for what is no count."""
    value = given.get("_count", str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10) or value == "0":  # noqa: PLR2004  # nobody counts so far
        raise BadParameter.because("parameter-value", name="_count", expected=f"1 to {MOST}")
    return min(int(value), MOST)


def since_in(given: Mapping[str, str]) -> int | None:
    """The moment that `_since` names, in milliseconds since 1970. BadParameter for what is none."""
    if "_since" not in given:
        return None
    found = span(given["_since"])
    if found is None:
        raise BadParameter.because("parameter-value", name="_since", expected="an instant: 2026-03-02T10:00:00Z")
    return found[0]


def at_in(given: Mapping[str, str]) -> tuple[int, int] | None:
    """The first and the last millisecond of what `_at` names: a year, a month, a day, a moment. BadParameter for what is none."""
    if "_at" not in given:
        return None
    found = span(given["_at"])
    if found is None:
        raise BadParameter.because(
            "parameter-value", name="_at", expected="a date or time: 2026-03, 2026-03-02T10:00:00Z"
        )
    return found


def given_in(call: Call, kind: str, *known: str) -> dict[str, str]:
    """The parameters of a list that is no search, each once. BadParameter for others, unless the caller is lenient."""
    given: dict[str, str] = {}
    for name, value in call.parameters:
        if name not in {*known, "_summary", "_elements", "_format", "_pretty", PAGE}:
            if call.preference.lenient:
                continue
            raise BadParameter.because("unknown-parameter", name=repeated(name), type=kind, allowed=", ".join(known))
        if name in given:
            raise BadParameter.because("parameter-repeated", name=name)
        given[name] = value
    return given


def _url(server: Server, path: str, pairs: Pairs) -> str:
    query = urlencode(pairs, safe=":/|,$*")
    return f"{server.base}/{path}?{query}" if query else f"{server.base}/{path}"


def _bound(path: str, pairs: Pairs) -> str:
    return f"{path}?{urlencode(sorted(pairs))}"
