"""`fhir-server audit verify`: whether the trail is what was written."""

import asyncio
from typing import Annotated

import typer

from fhir_server.assembly.opening import open_trail
from fhir_server.assembly.outside import NotStarted
from fhir_server.audit.verify import Broken, Verified, verify
from fhir_server.cli.progress import progress_on_stderr
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir.outcome import Refusal
from fhir_server.storage.store import Unopened

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
