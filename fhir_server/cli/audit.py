"""`fhir-server audit verify`: whether the trail is what was written; `audit sample`: entries for the log review, by lot."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Annotated

import typer

from fhir_server.assembly.opening import open_trail
from fhir_server.assembly.outside import NotStarted
from fhir_server.assembly.pruning import prune_audit
from fhir_server.audit.agent import agent_of
from fhir_server.audit.render import id_of
from fhir_server.audit.sample import Drawn, Sample, sample
from fhir_server.audit.verify import Broken, Verified, verify
from fhir_server.cli.progress import progress_on_stderr
from fhir_server.cli.registering import Database
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir.instant import instant
from fhir_server.fhir.outcome import Refusal
from fhir_server.fhir.shift import STOCKHOLM
from fhir_server.storage.store import Overtaken, Unopened

audit = typer.Typer(no_args_is_help=True, help="The trail of who did what.")


@audit.callback()
def _of_the_trail() -> None:
    """The trail of who did what."""


@audit.command(name="verify")
def verify_trail(
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or mongodb://HOST/NAME")] = None,
    head: Annotated[list[str] | None, typer.Option(help="A digest noted before; its block must be there.")] = None,
) -> None:
    """Walk through the whole trail, beside running servers too; the end is 1 where something was changed, and named."""
    try:
        found = asyncio.run(_verify(database, [_digest(one) for one in head or ()]))
    except (NotStarted, Unopened, Broken) as refusal:
        raise stopped(str(refusal)) from None
    except Refusal as refusal:
        raise stopped(refusal.issues[0].text()) from None
    typer.echo(
        f"{found.entries} entries hold, {found.unsealed} of them too new to be sealed. Note the heads elsewhere:"
    )
    for block in found.heads:
        typer.echo(f"{block.digest.hex()}  block {block.number}  {block.organisation or '-'}")


@audit.command(name="sample")
def sample_trail(
    size: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries.")],
    provider: Annotated[str, typer.Option(help="The HSA-id of the provider whose log is reviewed.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, in Sweden.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; yesterday if left out.")
    ] = None,
    seed: Annotated[str, typer.Option(help="That of a sample before, to draw it again.")] = "",
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or mongodb://HOST/NAME")] = None,
) -> None:
    """Draw entries of a provider for the log review: by lot, half of them of those that have a flag. A line for each."""
    last = until or datetime.now(STOCKHOLM) - timedelta(days=1)
    lot = seed or secrets.token_hex(8)
    try:
        found = asyncio.run(_sample(database, provider, (_day(since), _day(last + timedelta(days=1))), size, lot))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    except Refusal as refusal:
        raise stopped(refusal.issues[0].text()) from None
    typer.echo(
        f"{len(found.drawn)} of {found.out_of} entries ({found.flagged} with a flag). To draw them again: "
        f"--since {since:%Y-%m-%d} --until {last:%Y-%m-%d} --seed {lot}"
    )
    for one in found.drawn:
        typer.echo(_line(one))


@audit.command(name="prune")
def prune_trail(
    database: Database = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; nothing does.")] = False,
) -> None:
    """Remove what is past its retention, in whole sealed blocks; an entry of each chain says so, and `verify` asks for it."""
    try:
        pieces = asyncio.run(prune_audit(settings_with(database=database), dry=dry_run))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None
    except Overtaken:
        raise stopped("Another process has pruned just now. Look again.") from None
    except Refusal as refusal:
        raise stopped(refusal.issues[0].text()) from None
    for piece in pieces:
        typer.echo(
            f"{piece.count} entries, to block {piece.number}, sealed {instant(piece.at)}  {piece.organisation or '-'}"
        )
    typer.echo(f"{sum(piece.count for piece in pieces)} entries {'would go' if dry_run else 'removed'}.")


def _day(moment: datetime) -> int:
    """When a day begins in Sweden, in milliseconds since 1970."""
    return int(datetime(moment.year, moment.month, moment.day, tzinfo=STOCKHOLM).timestamp() * 1000)


async def _sample(database: str | None, provider: str, span: tuple[int, int], size: int, seed: str) -> Sample:
    async with open_trail(settings_with(database=database)) as trail:
        return await sample(trail, provider, span, size, seed)


def _line(drawn: Drawn) -> str:
    """AuditEvent, moment, user, unit, what was done to what, of whom, with what outcome, under which rules; the flags."""
    it, agent = drawn.entry, agent_of(drawn.entry.agent)
    place = f"{it.type}/{it.id}".strip("/")
    told = (id_of(drawn.number), instant(it.at), agent.user, agent.unit, it.interaction, place, it.patient)
    return "\t".join(member or "-" for member in (*told, str(it.status), it.rule, ",".join(drawn.flags)))


async def _verify(database: str | None, noted: list[bytes]) -> Verified:
    async with open_trail(settings_with(database=database)) as trail:
        with progress_on_stderr() as progress:
            task = progress.add_task("Verifying", total=None)
            return await verify(trail, noted, lambda done: progress.update(task, completed=done))


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise stopped("--head wants a digest as `audit verify` prints it: 64 hexadecimal digits.") from None
