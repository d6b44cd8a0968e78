"""`fhir-server issuer`: those whose access tokens are trusted."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_server.access.issuers import RegisteredIssuer
from fhir_server.cli.registering import Database, Replace, json_of, registration, show_table, state, with_registries

issuer = typer.Typer(no_args_is_help=True, help="Those whose access tokens are trusted.")


@issuer.command()
def add(  # noqa: PLR0913, PLR0917  # each is an option
    file: Annotated[Path | None, typer.Argument(help="JSON of the issuer; options stand over it.")] = None,
    url: Annotated[str, typer.Option(help="Its iss, to the letter.")] = "",
    mapping: Annotated[str, typer.Option(help="What its claims mean: inera, sambi, …")] = "",
    algorithm: Annotated[list[str] | None, typer.Option(help="That it signs with: ES256, RS256, …")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Whom it speaks for: citizen, staff, system")] = None,
    organization: Annotated[list[str] | None, typer.Option(help="Providers: HSA-ids, beginnings of them, or *")] = None,
    audience: Annotated[list[str] | None, typer.Option(help="That may stand in aud beside our base.")] = None,
    type: Annotated[list[str] | None, typer.Option(help="The typ of its access tokens, where not at+jwt.")] = None,
    lifetime: Annotated[int | None, typer.Option(help="The most seconds that a token is valid.")] = None,
    jwks: Annotated[Path | None, typer.Option(help="A file with its public keys, a JWK Set.")] = None,
    jwks_url: Annotated[str, typer.Option(help="Where it publishes them: https://…")] = "",
    database: Database = None,
    replace: Replace = False,
) -> None:
    """Register an issuer."""
    options = {
        "url": url,
        "mapping": mapping,
        "algorithms": algorithm,
        "kinds": kind,
        "organizations": organization,
        "audiences": audience,
        "types": type,
        "lifetime": lifetime,
        "jwks": json_of(jwks) if jwks else None,
        "jwks_url": jwks_url,
    }
    one = registration(RegisteredIssuer, file, options)
    with_registries(database, lambda registries: registries.issuers.add(one, anew=replace))
    typer.echo(f"{one.url} registered.")


@issuer.command(name="list")
def show(database: Database = None) -> None:
    """Show the issuers, those revoked too; no keys."""
    rows = with_registries(database, lambda registries: registries.issuers.all())
    headings = ("URL", "STATE", "SPEAKS FOR", "ORGANIZATIONS", "ALGORITHMS", "KEYS", "CLAIMS", "LIFETIME")
    show_table(headings, [_row(one) for one in rows])


@issuer.command()
def revoke(url: Annotated[str, typer.Argument(help="Its iss.")], database: Database = None) -> None:
    """Revoke an issuer; servers know of it within 30 seconds."""
    with_registries(database, lambda registries: registries.issuers.revoke(url))
    typer.echo(f"{url} revoked.")


def _row(one: RegisteredIssuer) -> tuple[str, ...]:
    lists = (one.kinds, one.organizations, one.algorithms)
    keys = one.jwks_url or "inline"
    return one.url, state(active=one.active), *map(" ".join, lists), keys, one.mapping, f"{one.lifetime} s"
