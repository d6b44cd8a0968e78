"""`fhir-server reindex`: what can be searched is derived anew from what is stored."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from fhir_server.assembly import NotStarted, assembled
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.interactions.reindex import reindex_all
from fhir_server.storage.store import Unopened


def reindex(
    database: Annotated[str | None, typer.Option(help="The database, which no server may hold meanwhile.")] = None,
) -> None:
    """Make the search index anew from the stored resources, after the search definitions changed."""
    try:
        count = asyncio.run(_reindex(database))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    typer.echo(f"{count} resources indexed.")


async def _reindex(database: str | None) -> int:
    settings = settings_with(database=database, access="open")
    async with assembled(settings) as assembly:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Indexing", total=None)
            return await reindex_all(
                assembly.server, assembly.index_version, lambda count: progress.update(task, completed=count)
            )
