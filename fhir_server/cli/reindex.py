"""`fhir-server reindex`: what can be searched is derived anew from what is stored."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from rich.progress import Progress

from fhir_server.assembly import assembled
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.progress import progress_on_stderr
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir.outcome import Refusal
from fhir_server.interactions.reindex import reindex_all
from fhir_server.storage.store import Indexing, Overtaken, Unopened


def reindex(
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE, which no server holds, or mongodb://…")] = None,
) -> None:
    """Make the search index anew from the stored resources; one that was stopped goes on where it was."""
    try:
        reached = asyncio.run(_reindex(database))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    except Overtaken:
        raise stopped("Another process has made the index meanwhile, or has begun to.") from None
    except Refusal as refusal:
        raise stopped(f"{refusal.issues[0].text()} Run it again: it goes on where it was.") from None
    typer.echo(f"{reached.done} resources indexed.")


async def _reindex(database: str | None) -> Indexing:
    settings = settings_with(database=database, access="open")
    async with assembled(settings) as assembly:
        with progress_on_stderr() as progress:
            return await reindex_all(assembly.server, assembly.index_version, _shown_on(progress))


def _shown_on(progress: Progress) -> Callable[[Indexing], None]:
    """What moves the bar; where it does not begin at nothing, a line says so."""
    task = progress.add_task("Indexing", total=None)
    begun = False

    def show(reached: Indexing) -> None:
        nonlocal begun
        if reached.done and not begun:
            progress.console.print(f"Going on after {reached.done} of {reached.total} resources.", highlight=False)
        begun = True
        progress.update(task, completed=reached.done, total=max(reached.total, reached.done))

    return show
