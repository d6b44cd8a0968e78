"""`fhir-server client`: the apps and systems that may ask for tokens."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fhir_server.access.client import Client
from fhir_server.access.secret import SALT_BYTES, SHORTEST, hash_secret
from fhir_server.cli.registering import Database, Replace, json_of, registration, show_table, state, with_registries
from fhir_server.cli.serve import stopped

client = typer.Typer(no_args_is_help=True, help="The apps and systems that may ask for tokens.")


@client.command()
def add(  # noqa: PLR0913, PLR0917  # each is an option
    file: Annotated[Path | None, typer.Argument(help="JSON of the client; options stand over it.")] = None,
    id: Annotated[str, typer.Option(help="Its client_id.")] = "",
    name: Annotated[str, typer.Option(help="What people know it by.")] = "",
    kind: Annotated[str, typer.Option(help="public or confidential")] = "",
    grant: Annotated[
        list[str] | None, typer.Option(help="authorization_code, refresh_token, client_credentials")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(help="The most it may be granted; once for each context.")] = None,
    redirect_uri: Annotated[list[str] | None, typer.Option(help="Compared to the letter.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="Whose scripts may call: https://HOST")] = None,
    launch_uri: Annotated[str, typer.Option(help="Where an EHR starts it.")] = "",
    jwks: Annotated[Path | None, typer.Option(help="A file with its public keys, a JWK Set.")] = None,
    jwks_url: Annotated[str, typer.Option(help="Where it publishes them: https://…")] = "",
    secret: Annotated[Path | None, typer.Option(help="A file with its secret, for development on loopback.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role that a system has.")] = None,
    organization: Annotated[list[str] | None, typer.Option(help="HSA-id that a system may act for.")] = None,
    database: Database = None,
    replace: Replace = False,
) -> None:
    """Register a client."""
    options = {
        "id": id,
        "name": name,
        "kind": kind,
        "grants": grant,
        "scopes": scope,
        "redirect_uris": redirect_uri,
        "origins": origin,
        "launch_uri": launch_uri,
        "jwks": json_of(jwks) if jwks else None,
        "jwks_url": jwks_url,
        "secret_hash": _hashed(secret) if secret else "",
        "roles": role,
        "organizations": organization,
    }
    one = registration(Client, file, options)
    with_registries(database, lambda registries: registries.clients.add(one, anew=replace))
    typer.echo(f"{one.id} registered.")


@client.command(name="list")
def show(database: Database = None) -> None:
    """Show the clients, those revoked too; neither keys nor secrets."""
    rows = with_registries(database, lambda registries: registries.clients.all())
    headings = ("ID", "NAME", "KIND", "STATE", "GRANTS", "PROOF", "SCOPES")
    show_table(headings, [_row(one) for one in rows])


@client.command()
def revoke(id: Annotated[str, typer.Argument(help="Its client_id.")], database: Database = None) -> None:
    """Revoke a client; servers know of it within 30 seconds."""
    with_registries(database, lambda registries: registries.clients.revoke(id))
    typer.echo(f"{id} revoked.")


def _row(one: Client) -> tuple[str, ...]:
    grants, scopes = " ".join(one.grants), " | ".join(one.scopes)
    return one.id, one.name, one.kind, state(active=one.active), grants, _proof(one), scopes


def _proof(one: Client) -> str:
    """By what it shows that it is who it says."""
    if one.secret_hash:
        return "secret"
    return one.jwks_url or ("keys" if one.jwks else "-")


def _hashed(file: Path) -> str:
    try:
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise stopped(f"{file} cannot be read as text.") from None
    if len(secret) < SHORTEST:
        raise stopped(f"The secret in {file} is too short: {SHORTEST} characters or more, made at random.")
    return hash_secret(secret, os.urandom(SALT_BYTES))
