"""`fhir-server demo`: the server with its example stories, for a look round."""

import secrets
import tempfile
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from fhir_server.access.authorize.authority import DEVELOPMENT_SECONDS
from fhir_server.access.client import Client
from fhir_server.access.registry import AlreadyRegistered
from fhir_server.assembly import Assembly
from fhir_server.assembly.opening import client_registry
from fhir_server.cli.load import examples, post_all, stories, titled
from fhir_server.cli.serve import run, settings_with
from fhir_server.cli.token import ADDRESS, ALL
from fhir_server.http.application import BASE_PATH


def demo(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    database: Annotated[str | None, typer.Option(help="Default: SQLite in a temporary folder.")] = None,
) -> None:
    """Serve the example stories, dated from today, on this machine alone."""
    with tempfile.TemporaryDirectory(prefix="fhir-server-") as folder:
        settings = settings_with(
            host="127.0.0.1",
            port=port,
            database=database or f"sqlite:///{folder}/demo.db",
            access="smart",
            authorize=True,
            secret=secrets.token_hex(),
        )
        if settings.docs is None:
            settings = settings.model_copy(update={"docs": True})
        found = stories()
        run(settings, stories=[titled(story) for story in found], prepare=_load, name=_GREETING)


_GREETING = "The demo listens on this machine alone, and all its people are synthetic. Each call brings a token.\n"


def _invitation(root: str, token: str) -> str:
    """What to open, and a token that sees all, on a line by itself."""
    return (
        f"\nOpen: {root}/ has its people, and how to get a token as one of them\n"
        f"Token: {token}\n"
        "The token sees and changes everything, for eight hours: curl -H 'Authorization: Bearer …'"
    )


def demo_app(base: str) -> Client:
    """The app that the demo knows: on the next port of this machine, where the portal stands once there is one."""
    own = f"http://127.0.0.1:{(urlsplit(base).port or 80) + 1}"
    return Client(
        id="demo-app",
        name="Demo",
        kind="public",
        grants=("authorization_code", "refresh_token"),
        scopes=(
            "launch launch/patient launch/encounter openid fhirUser offline_access online_access patient/*.cruds",
            "launch launch/patient launch/encounter openid fhirUser offline_access online_access user/*.cruds",
        ),
        redirect_uris=(f"{own}/",),
        origins=(own,),
        launch_uri=f"{own}/launch",
    )


async def _load(assembly: Assembly) -> str:
    base = assembly.server.base
    root = base.removesuffix(BASE_PATH)
    with suppress(AlreadyRegistered):
        await client_registry(assembly.server.store, base).add(demo_app(base))
    await assembly.origins.refresh()
    transport = httpx.ASGITransport(assembly.app)
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        wish = {"scope": ALL, "expires": DEVELOPMENT_SECONDS}
        token = (await client.post(f"{root}{ADDRESS}", json=wish)).raise_for_status().json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        refused = await post_all(client, examples(), day="today")
    if refused:
        typer.echo(f"{refused} of the examples were refused.", err=True)
        raise typer.Exit(1)
    return _invitation(root, token)
