"""What `fhir-server client` and `fhir-server issuer` have in common."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import typer

from fhir_server.access.registration import BadRegistration, R, convert_registration
from fhir_server.access.registry import AlreadyRegistered, Unregistered
from fhir_server.assembly.opening import Registries, open_registries
from fhir_server.assembly.outside import NotStarted
from fhir_server.cli.serve import settings_with, stopped
from fhir_server.fhir import codec
from fhir_server.fhir.outcome import Refusal, Unreadable
from fhir_server.storage.store import Unopened

Database: TypeAlias = Annotated[
    str | None, typer.Option(help="sqlite:///FILE, which no server holds, or mongodb://HOST/NAME")
]
Replace: TypeAlias = Annotated[bool, typer.Option("--replace", help="Take the place of one that is registered.")]

T = TypeVar("T")


def with_registries(database: str | None, work: Callable[[Registries], Awaitable[T]]) -> T:
    """What the work gives; what stands in its way ends the process, having been said."""

    async def opened() -> T:
        async with open_registries(settings_with(database=database)) as registries:
            return await work(registries)

    try:
        return asyncio.run(opened())
    except (NotStarted, Unopened, BadRegistration) as refusal:
        raise stopped(str(refusal)) from None
    except AlreadyRegistered as there:
        raise stopped(f"{there} is registered already, or was. With --replace this takes its place.") from None
    except Unregistered as missing:
        raise stopped(f"{missing} is not registered, or was revoked before.") from None
    except Refusal as refusal:
        raise stopped(refusal.issues[0].text()) from None


def registration(kind: type[R], file: Path | None, options: Mapping[str, Any]) -> R:
    """What is to be registered, as a JSON file and the options over it tell; what cannot be ends the process, having been said."""
    try:
        return convert_registration(kind, _told(file, options))
    except BadRegistration as refusal:
        raise stopped(str(refusal)) from None


def _told(file: Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a JSON file tells, and over them those that are given as options."""
    value = json_of(file) if file else {}
    if not isinstance(value, dict):
        raise stopped(f"{file} is no JSON object.")
    return value | {name: option for name, option in options.items() if option not in (None, [], "")}


def json_of(file: Path) -> Any:
    """The JSON of a file; one that has none ends the process, which says no more of it than its name."""
    try:
        return codec.decode(file.read_bytes())
    except OSError as error:
        raise stopped(f"{file} cannot be read: {error.strerror}.") from None
    except Unreadable as error:
        raise stopped(f"{file}: {error.issues[0].text()}") from None


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes a table, as wide as it must be: a name is worth more than a neat right edge."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def state(*, active: bool) -> str:
    """How a table says whether a registration counts."""
    return "active" if active else "revoked"
