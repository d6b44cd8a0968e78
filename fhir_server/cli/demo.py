"""`fhir-server demo`: the server with its example stories, for a look round."""

import secrets
import tempfile
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from fhir_server.access.client import Client
from fhir_server.access.registry import AlreadyRegistered
from fhir_server.assembly import Assembly
from fhir_server.assembly.opening import client_registry
from fhir_server.cli.load import examples, post_all, stories, titled
from fhir_server.cli.serve import run, settings_with


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
            access="open",
            authorize=True,
            secret=secrets.token_hex(),
        )
        if settings.docs is None:
            settings = settings.model_copy(update={"docs": True})
        found = stories()
        run(settings, stories=[titled(story) for story in found], prepare=_load, name=_GREETING)


_GREETING = (
    "The demo is open: no token is asked for, and it listens on this machine alone. All its people are synthetic.\n"
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


async def _load(assembly: Assembly) -> None:
    with suppress(AlreadyRegistered):
        await client_registry(assembly.server.store, assembly.server.base).add(demo_app(assembly.server.base))
    transport = httpx.ASGITransport(assembly.app)
    async with httpx.AsyncClient(transport=transport, base_url=assembly.server.base) as client:
        refused = await post_all(client, examples(), day="today")
    if refused:
        typer.echo(f"{refused} of the examples were refused.", err=True)
        raise typer.Exit(1)
