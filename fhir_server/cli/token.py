"""`fhir-server token`: an access token for whoever develops, asked of a server on this very machine."""

from typing import Annotated, Any

import httpx
import typer

from fhir_server.access.registration import is_loopback
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.http.application import AUTHORIZATION_PATH

ALL = "system/*.cruds"
ADDRESS = f"{AUTHORIZATION_PATH}/development-token"
"""Where it is asked for, beside the FHIR base."""


def token(
    scope: Annotated[str, typer.Option(help="SMART scopes, as 'user/CarePlan.rs'.")],
    patient: Annotated[str, typer.Option(help="The id of a Patient: who calls, or (with --unit) for whom.")] = "",
    role: Annotated[str, typer.Option(help="A role of whoever calls.")] = "",
    unit: Annotated[str, typer.Option(help="HSA-id of the unit, or of the commission, of whoever calls.")] = "",
    expires: Annotated[int, typer.Option(help="Seconds that it is valid.")] = 3600,
) -> None:
    """Print a development token of the server at FHIR_SERVER_BASE_URL, which must be on this machine."""
    wish = {"scope": scope, "patient": patient, "role": role, "unit": unit, "expires": expires}
    settings = settings_with()
    if not is_loopback(settings.base):
        raise stopped(f"Development tokens are for this machine alone, and {settings.base} is not on it.")
    try:
        answer = ask(settings.root, wish)
    except httpx.TransportError:
        raise stopped(no_server(settings.base)) from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise stopped(f"The server at {settings.base} gives out no tokens. Start it with FHIR_SERVER_AUTHORIZE=true.")
    told = answer.json()
    if not answer.is_success:
        raise stopped(told["error_description"])
    typer.echo(told["access_token"])


def ask(root: str, wish: dict[str, Any]) -> httpx.Response:
    """What the server at a root answers who wishes for a token."""
    return httpx.post(f"{root}{ADDRESS}", json=wish, timeout=30)


def token_for_all(base: str, root: str) -> str | None:
    """A token that sees all, of a development server on this machine; None of any other server."""
    if not is_loopback(base):
        return None
    answer = ask(root, {"scope": ALL})
    return str(answer.json()["access_token"]) if answer.is_success else None


def no_server(base: str) -> str:
    """What to do where nobody answers."""
    return f"No server answers at {base}. Start one, or name another by FHIR_SERVER_BASE_URL."
