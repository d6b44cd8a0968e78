"""One request through its seven stops: a plain ASGI application, mounted at the FHIR base."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.datastructures import Headers as RequestHeaders
from starlette.types import Receive, Scope, Send

from fhir_server.fhir.outcome import Refusal, Unauthorized, Unavailable
from fhir_server.http.errors import failed, refused
from fhir_server.http.negotiate import language
from fhir_server.http.observe import Observed, Observer
from fhir_server.http.request import Reader
from fhir_server.http.response import CONTENT_TYPE, GUARDED, NO_BODY, Headers, body_of, headers_of
from fhir_server.interactions.call import Routes, Server
from fhir_server.interactions.commit import perform

_Wire: TypeAlias = tuple[int, Headers, bytes]
"""Status, headers and body."""


@dataclass(frozen=True, slots=True)
class FhirEndpoint:
    """Answers everything under the FHIR base, whose path (`/fhir`) is `path`."""

    path: str
    server: Server
    routes: Routes
    reader: Reader
    observer: Observer
    new_request_id: Callable[[], str]
    turned_away: Callable[[str], None]
    """Told the address of whoever is answered 401."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        seen = self.observer.begun(self.new_request_id())
        try:
            answer = await self._answer(scope, receive, seen)
        except Refusal as refusal:
            if isinstance(refusal, Unauthorized):
                self.turned_away(_source(scope))
            answer = refused(refusal, _language(scope))
        except asyncio.CancelledError:  # the server ends, and has waited for this as long as it may
            await self._tell(refused(Unavailable.because("stopped"), _language(scope)), seen, scope, send)
            raise
        except Exception as error:  # noqa: BLE001  # a fault of ours becomes a 500 with a request id, never a stack trace
            self.observer.fault(seen, error)
            answer = failed(_language(scope))
        await self._tell(answer, seen, scope, send)

    async def _tell(self, answer: _Wire, seen: Observed, scope: Scope, send: Send) -> None:
        status, headers, body = answer
        headers += [*GUARDED, (b"x-request-id", seen.request_id.encode())]
        if status not in NO_BODY:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        self.observer.answered(seen, status)

    async def _answer(self, scope: Scope, receive: Receive, seen: Observed) -> _Wire:
        address = self.routes.find(scope["method"], scope["path"].removeprefix(self.path))
        seen.interaction, seen.type = address.interaction, address.type
        call = await self.reader.read(address, scope, receive, seen.request_id)
        seen.interaction = call.address.interaction
        answer = await perform(call, self.server)
        body = body_of(answer, call)
        headers = headers_of(answer, self.server.base)
        return answer.status, [CONTENT_TYPE, *headers] if body else headers, body


def _source(scope: Scope) -> str:
    """The address that a request came from; behind a proxy that is trusted, as the ASGI server tells it."""
    client = scope.get("client")
    return client[0] if client else "unknown"


def _language(scope: Scope) -> str:
    return language(RequestHeaders(scope=scope).get("accept-language", ""))
