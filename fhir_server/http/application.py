"""The FastAPI application: the FHIR endpoint, and beside it what is not FHIR."""

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_server.fhir.outcome import NoSuchInteraction, NotAllowed, Refusal
from fhir_server.http import health
from fhir_server.http.errors import refused
from fhir_server.http.negotiate import language
from fhir_server.http.share import EveryOrigin, Shared
from fhir_server.http.smart import WELL_KNOWN

BASE_PATH = "/fhir"
DISCOVERY_PATH = f"{BASE_PATH}{WELL_KNOWN}"
"""The one address under the FHIR base that is no interaction of FHIR's."""
METADATA_PATH = f"{BASE_PATH}/metadata"
"""What the server promises: an app of whatever origin may read it."""
AUTHORIZATION_PATH = "/auth"
"""Below it the small authorization server answers, where there is one."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the FHIR endpoint: the page at `/`, what is at DISCOVERY_PATH, readiness, metrics; and the origins whose
    scripts may call.
    """

    pages: Sequence[Route]
    ready: Callable[[], Awaitable[None]]
    registry: CollectorRegistry
    version: str
    origins: Container[str] = ()
    encrypted: bool = False
    """Whether clients reach the server by TLS."""


COMPRESSED_FROM = 1_000
"""Bytes of a body below which compressing costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Application:
    """The FHIR endpoint, and FastAPI for all else. A FHIR call goes straight to its endpoint: the layers of FastAPI on the
    way would cost more than a whole read (docs/decisions/0005-fhir-routes-are-starlette.md).
    """

    fhir: ASGIApp
    metadata: ASGIApp
    """The same, where scripts of every origin may read it."""
    beside: ASGIApp
    unshared: ASGIApp
    """What says by itself which scripts may read it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. `[base]` and `[base]/` are one address, and nothing is redirected."""
        await self._at(scope.get("path", ""))(scope, receive, send)

    def _at(self, path: str) -> ASGIApp:
        if path == DISCOVERY_PATH or path.startswith(f"{AUTHORIZATION_PATH}/"):
            return self.unshared
        if path == METADATA_PATH:
            return self.metadata
        return self.fhir if path.startswith(f"{BASE_PATH}/") or path == BASE_PATH else self.beside


class Compressed:
    """An application whose answers are compressed for whoever takes gzip; nobody else pays for looking at them."""

    def __init__(self, app: ASGIApp) -> None:
        """Around the whole application."""
        self._plain = app
        self._packed = GZipMiddleware(app, minimum_size=COMPRESSED_FROM, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        takes = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope.get("headers", ()))
        await (self._packed if takes else self._plain)(scope, receive, send)


STRICT = (b"strict-transport-security", b"max-age=31536000")
"""A year, for this host. https://www.rfc-editor.org/rfc/rfc6797#section-6.1"""


@dataclass(frozen=True, slots=True)
class Strict:
    """An application that browsers never again ask for without TLS."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), STRICT]
            await send(message)

        await self.app(scope, receive, strictly)


def application(fhir: ASGIApp, beside: Beside) -> ASGIApp:
    """The whole application."""
    app = FastAPI(
        title="FHIR care-plan server",
        version=beside.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.router.routes[:0] = beside.pages
    app.state.ready, app.state.registry = beside.ready, beside.registry
    app.include_router(health.router)
    app.add_exception_handler(HTTPException, _as_outcome)
    app.add_exception_handler(Refusal, _as_outcome)
    shared, public = Shared(fhir, beside.origins), Shared(fhir, EveryOrigin())
    whole = Compressed(Application(shared, public, Shared(app, beside.origins), unshared=app))
    return Strict(whole) if beside.encrypted else whole


async def _as_outcome(request: Request, error: Exception) -> Response:
    """A page's refusal, and Starlette's own 404 and 405, said as every other refusal is."""
    assert isinstance(error, HTTPException | Refusal)
    refusal = error if isinstance(error, Refusal) else _refusal(error)
    status, headers, body = refused(refusal, language(request.headers.get("accept-language", "")))
    return Response(body, status, headers={name.decode(): value.decode() for name, value in headers})


def _refusal(error: HTTPException) -> Refusal:
    if error.status_code == NotAllowed.status:
        allow = (error.headers or {}).get("Allow", "").split(", ")
        return NotAllowed(*NotAllowed.because("method-not-allowed", allowed=", ".join(allow)).issues, allow=allow)
    return NoSuchInteraction.because("no-such-address")
