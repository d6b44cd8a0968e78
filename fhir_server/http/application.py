"""The FastAPI application: the FHIR endpoint, and beside it what is not FHIR."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from fhir_server.fhir.outcome import NoSuchInteraction, NotAllowed, Refusal
from fhir_server.http.errors import refused
from fhir_server.http.health import health_router
from fhir_server.http.negotiate import language

BASE_PATH = "/fhir"


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the FHIR endpoint: the page at `/`, readiness, metrics."""

    pages: Sequence[Route]
    ready: Callable[[], Awaitable[None]]
    registry: CollectorRegistry
    version: str


def application(fhir: ASGIApp, beside: Beside) -> FastAPI:
    """The whole application. `[base]` and `[base]/` are one address, and nothing is redirected."""
    app = FastAPI(
        title="FHIR care-plan server",
        version=beside.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.router.routes[:0] = [Mount(BASE_PATH, fhir), Route(BASE_PATH, fhir), *beside.pages]
    app.include_router(health_router(beside.ready, beside.registry))
    app.add_exception_handler(HTTPException, _as_outcome)
    return app


async def _as_outcome(request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405, said as every other refusal is."""
    assert isinstance(error, HTTPException)
    status, headers, body = refused(_refusal(error), language(request.headers.get("accept-language", "")))
    return Response(body, status, headers={name.decode(): value.decode() for name, value in headers})


def _refusal(error: HTTPException) -> Refusal:
    if error.status_code == NotAllowed.status:
        allow = (error.headers or {}).get("Allow", "").split(", ")
        return NotAllowed(*NotAllowed.because("method-not-allowed", allowed=", ".join(allow)).issues, allow=allow)
    return NoSuchInteraction.because("no-such-address")
