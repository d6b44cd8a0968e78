"""`fhir-server backup` and `fhir-server restore`: a database as one file, and back again."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.assembly import opening
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.storage.archive import Manifest, Unarchived
from fhir_server.storage.store import Unopened


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or mongodb://HOST/NAME")] = None,
) -> None:
    """Write all that a database holds to one file, beside running servers too."""
    manifest = _ended(opening.back_up(settings_with(database=database), target))
    typer.echo(f"{manifest.counts['resources']} resources, with their history, backed up to {target}.")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `fhir-server backup` wrote.")],
    database: Annotated[str | None, typer.Option(help="A database in which nothing is yet, and no server.")] = None,
) -> None:
    """Put a backup into an empty database."""
    manifest = _ended(opening.restore(settings_with(database=database), source))
    typer.echo(f"{manifest.counts['resources']} resources, with their history, restored as of {manifest.made}.")


def _ended(work: Coroutine[Any, Any, Manifest]) -> Manifest:
    try:
        return asyncio.run(work)
    except (NotStarted, Unopened, Unarchived) as refusal:
        raise stopped(str(refusal)) from None
