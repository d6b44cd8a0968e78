"""Stop 2: from bytes and headers to a `Call`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from fhir_server.fhir.codec import decode
from fhir_server.fhir.instant import from_http_date
from fhir_server.fhir.outcome import BadParameter, TooLarge, TooSlow, Unreadable, UnsupportedMedia
from fhir_server.http.negotiate import FORM, READ, language, media_type, refuse_foreign, refuse_unacceptable
from fhir_server.interactions.call import NO_PREFERENCE, Address, Call, Preference
from fhir_server.interactions.operations.parameters import AS_TEXT, TEXT
from fhir_server.interactions.patch import FORMATS
from fhir_server.interactions.preconditions import NONE, Preconditions, version_to_match, versions_not_to_match

URL_LIMIT = 8_000
"""Bytes of path and query together; a longer search goes by POST."""

BODY_SECONDS = 60
"""A body of the limit takes so long where a mobile network is bad."""

RETURNS = frozenset({"representation", "minimal", "OperationOutcome"})
WITH_BODY = frozenset({"create", "update", "patch", "batch", "transaction"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads requests; `body_limit` in bytes."""

    body_limit: int

    async def read(self, address: Address, scope: Scope, receive: Receive, request_id: str) -> Call:
        """The call that a request means. Unreadable, BadParameter, NotAcceptable, UnsupportedMedia, TooLarge."""
        headers = _headers(scope)
        query = scope["query_string"]
        if len(query) + len(scope["path"]) > URL_LIMIT:
            raise TooLarge.because("url-too-long", limit=URL_LIMIT)
        parameters = _pairs(query)
        body: Any = None
        if scope["method"] == "POST" and address.interaction.startswith("search"):
            parameters += await self._form(headers, receive)
        elif address.interaction in WITH_BODY:
            allowed = FORMATS if address.interaction == "patch" else READ
            body = await self._json(headers, receive, address.type or "Bundle", allowed)
        elif scope["method"] == "POST":
            body = await self._asked(address, headers, receive)
        refuse_unacceptable(headers.get("accept", ""), _last(parameters, "_format"))
        return Call(
            _with_type_of(address, body),
            bearer=_bearer(scope, parameters),
            parameters=tuple(parameters),
            body=body,
            media_type=media_type(headers.get("content-type", "")),
            preconditions=_preconditions(headers),
            preference=_preference(headers.get("prefer", "")),
            provenance=_provenance(headers.get("x-provenance", "")),
            request_id=request_id,
            language=language(headers.get("accept-language", "")),
        )

    async def _asked(self, address: Address, headers: Mapping[str, str], receive: Receive) -> Any:
        """The body of an operation: JSON, or the text that some take."""
        if address.interaction not in AS_TEXT:
            return await self._json(headers, receive, "", READ)
        if media_type(headers.get("content-type", "")) != TEXT:
            return await self._json(headers, receive, "", {*READ, TEXT})
        refuse_foreign(headers["content-type"], TEXT)
        return _plain(await self._body(headers, receive))

    async def _json(self, headers: Mapping[str, str], receive: Receive, expected: str, allowed: Iterable[str]) -> Any:
        """The body, decoded; `expected` names what must be there, "" where nothing must."""
        text = await self._body(headers, receive)
        if not text and not expected:
            return None
        if not text:
            raise Unreadable.because("no-body", expected=expected)
        refuse_foreign(headers.get("content-type", ""), *allowed)
        return decode(text)

    async def _form(self, headers: Mapping[str, str], receive: Receive) -> list[tuple[str, str]]:
        text = await self._body(headers, receive)
        if text:
            refuse_foreign(headers.get("content-type", ""), FORM)
        return _pairs(text)

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMedia.because("body-packed")  # what is small on the wire could be anything in memory
        self._refuse_length(headers.get("content-length", "0"))
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._chunks(receive)
        except TimeoutError:
            raise TooSlow.because("too-slow", seconds=BODY_SECONDS) from None

    async def _chunks(self, receive: Receive) -> bytes:
        chunks, length, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Unreadable.because("not-json", why="the body broke off")
            chunks.append(message.get("body", b""))
            length += len(chunks[-1])
            self._refuse_length(str(length))
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _refuse_length(self, length: str) -> None:
        if length.isdigit() and int(length) > self.body_limit:
            raise TooLarge.because("too-large", limit=self.body_limit)


def _bearer(scope: Scope, parameters: Iterable[tuple[str, str]]) -> str:
    """The token of the request, "" where it has none; one in the address or in a form is none, and beside another too much.
    https://www.rfc-editor.org/rfc/rfc6750#section-2
    """
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    twice = found and any(name == "access_token" for name, _ in parameters)
    if twice or len(found) > 1 or any("," in value for value in found):
        raise Unreadable.because("two-tokens")
    kind, _, token = found[0].partition(" ") if found else ("", "", "")
    return token if kind.lower() == "bearer" else ""


def _plain(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Unreadable.because("not-text") from None


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name in lower case; of one that stands twice, the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _with_type_of(address: Address, body: Any) -> Address:
    """A Bundle posted to the base says itself whether it is a batch or a transaction."""
    if address.interaction not in {"batch", "transaction"}:
        return address
    kind = body.get("type") if isinstance(body, dict) and body.get("resourceType") == "Bundle" else None
    if kind not in {"batch", "transaction"}:
        raise Unreadable.because("bundle-type", "Bundle.type", allowed="batch, transaction")
    return Address(kind)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadParameter.because("parameter-value", name="?", expected="percent-encoded UTF-8") from None


def _last(parameters: Sequence[tuple[str, str]], name: str) -> str | None:
    found = [value for own, value in parameters if own == name]
    return found[-1] if found else None


_CONDITIONAL = ("if-match", "if-none-match", "if-modified-since", "if-none-exist")


def _preconditions(headers: Mapping[str, str]) -> Preconditions:
    if headers.keys().isdisjoint(_CONDITIONAL):
        return NONE
    if_match = headers.get("if-match")
    since = headers.get("if-modified-since")
    return Preconditions(
        match=version_to_match(if_match) if if_match is not None else None,
        none_match=versions_not_to_match(headers.get("if-none-match", "")),
        modified_since=from_http_date(since) if since is not None else None,
        none_exist=headers.get("if-none-exist"),
    )


def _provenance(text: str) -> Any:
    """X-Provenance: a Provenance without targets, which the server adds. https://hl7.org/fhir/R4/provenance.html#header"""
    if not text:
        return None
    told = decode(text.encode("latin-1"))
    if not isinstance(told, dict) or told.get("resourceType") != "Provenance":
        raise Unreadable.because("provenance-header", "X-Provenance")
    return told


def _preference(prefer: str) -> Preference:
    """RFC 7240: a preference that is not known, or not well formed, is passed over."""
    if not prefer:
        return NO_PREFERENCE
    chosen = {
        name.strip().lower(): value.strip().strip('"')
        for name, _, value in (part.partition("=") for part in prefer.replace(";", ",").split(","))
    }
    returns = chosen.get("return", "")
    return Preference(returns if returns in RETURNS else "representation", chosen.get("handling") == "lenient")
