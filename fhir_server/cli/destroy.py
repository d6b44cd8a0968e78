"""`fhir-server destroy`: what two persons have decided is destroyed, and a tombstone and the audit stay."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Annotated, Any, TypeAlias, TypeVar

import typer

from fhir_server.access.destruction import Undecided
from fhir_server.assembly import destroying
from fhir_server.assembly.destroying import Told
from fhir_server.assembly.outside import NotStarted, clock
from fhir_server.cli.registering import Database, show_table
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir.definitions import r4
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Refusal
from fhir_server.storage.store import Overtaken, Unopened

destroy = typer.Typer(no_args_is_help=True, help="What two persons have decided is destroyed.")

Place: TypeAlias = Annotated[str, typer.Argument(help="Patient/ID, with all that is about the patient; or TYPE/ID.")]
T = TypeVar("T")


@destroy.command()
def propose(
    place: Place,
    by: Annotated[str, typer.Option(help="Who proposes it.")],
    reason: Annotated[str, typer.Option(help="Why, and by which decision.")],
    database: Database = None,
) -> None:
    """Propose that something is destroyed: nothing is, until another person decides."""
    type, id = _parts(place)
    told = _ended(destroying.propose(settings_with(database=database), type, id, by, reason))
    typer.echo(
        f"{len(told.doomed.versions)} resources, with all their versions, are proposed to be destroyed. Another person decides "
        f"before {instant(told.proposal.until)}: fhir-server destroy decide {place} --by NAME"
    )
    for line in (*_kept(told), *_shared(told)):
        typer.echo(line)


@destroy.command()
def decide(
    place: Place,
    by: Annotated[str, typer.Option(help="Who decides: another person than the one who proposed it.")],
    database: Database = None,
) -> None:
    """Decide that what was proposed is destroyed, and destroy it: nothing brings it back but a backup."""
    type, id = _parts(place)
    told = _ended(destroying.decide(settings_with(database=database), type, id, by))
    typer.echo(
        f"{len(told.doomed.versions)} resources, with all their versions, are destroyed, as {told.proposal.by} proposed and {by} "
        "decided. Backups made before still hold them."
    )
    for line in _shared(told):
        typer.echo(line)


@destroy.command(name="list")
def show(database: Database = None) -> None:
    """Show what is proposed and not decided on."""
    found = _ended(destroying.proposals(settings_with(database=database)))
    rows = [(place, one.by, instant(one.until), one.reason) for place, one in found.items()]
    show_table(("PLACE", "PROPOSED BY", "UNTIL", "REASON"), rows)


def _parts(place: str) -> tuple[str, str]:
    type, _, id = place.partition("/")
    if type not in r4().resource_types or not id or "/" in id:
        raise stopped("Say what: Patient/ID, with all that is about the patient; or TYPE/ID.")
    return type, id


def _kept(told: Told) -> Iterator[str]:
    now = clock()
    for code, until in told.kept.items():
        if until > now:
            yield (
                f"By security/Parameters-retention.json the class {code} is kept until {instant(until)}. Before that it may be "
                "destroyed by a decision of the authority alone (8 kap. 4 § patientdatalagen)."
            )


def _shared(told: Told) -> Iterator[str]:
    for it in told.doomed.shared:
        yield f"{it.type}/{it.id} is about others too, and is left: it is proposed by its own place."


def _ended(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (NotStarted, Unopened, Undecided) as refusal:
        raise stopped(str(refusal)) from None
    except Overtaken:
        raise stopped("Something else was written just now. Look again.") from None
    except Refusal as refusal:
        raise stopped(refusal.issues[0].text()) from None
