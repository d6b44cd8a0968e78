"""Is the process alive, is it ready, what does it count: for whoever keeps it running."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from fhir_server.fhir.outcome import Refusal


class Health(BaseModel):
    """One word, and what is missing where something is."""

    status: Literal["live", "ready", "not-ready"]
    missing: list[str] = []


router = APIRouter()
"""`/health/live`, `/health/ready` and `/metrics` of an application in whose `state` are `ready`, which raises the refusal that says
what is missing, and the `registry` of what is counted.
"""


@router.get("/health/live", tags=["operation"])
async def live() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/health/ready", tags=["operation"])
async def is_ready(request: Request, response: Response) -> Health:
    """The store can be read and written, its index is whole, and what was to be loaded is in."""
    try:
        await request.app.state.ready()
    except Refusal as refusal:
        response.status_code = refusal.status
        return Health(status="not-ready", missing=[issue.key for issue in refusal.issues])
    return Health(status="ready")


@router.get("/metrics", tags=["operation"], include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
