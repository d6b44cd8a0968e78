"""A database file with plans in it, a server on it, and beside that one the bare handler."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fhir_server.assembly import assembled, claim_index
from fhir_server.interactions.call import Address, Call, Server
from fhir_server.interactions.commit import admitted, granted, put
from fhir_server.settings import Settings
from fhir_server.storage.store import Commit
from tests.benchmarks.plans import plan
from tests.servers import Running, serving

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Served:
    """A database file and the port of the server that has it."""

    file: Path
    port: int


@contextmanager
def served(plans: int = 0, patients: int = 1) -> Iterator[Served]:
    """A server on a new file that has so many plans (`plan-0`, …) of so many patients (`p0`, …)."""
    with served_once(lambda database: asyncio.run(fill(database, plans, patients))) as ours:
        yield ours


@contextmanager
def served_once(filled: Callable[[str], None]) -> Iterator[Served]:
    """A server on a new file that was filled before it started."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plans.db"
        filled(f"sqlite:///{file}")
        with serving("serve", "--access", "open", "--database", f"sqlite:///{file}") as server:
            yield Served(file, port_of(server))


async def fill(database: str, plans: int, patients: int, made: Callable[[int, int], dict[str, Any]] = plan) -> None:
    """Puts the plans, each `made` of its number and that of the patients, into a database straight through the store, many in a Commit."""
    async with assembled(Settings(database=database, access="open", secret="of the benchmark")) as house:
        await claim_index(house)
        call = await by_anybody("update", "CarePlan", house.server)
        grant = granted(call, house.server)
        for start in range(0, plans, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, plans))
            changes = (
                put(made(number, patients), f"plan-{number}", call, house.server, method="PUT") for number in numbers
            )
            await house.server.store.commit(Commit(grant, tuple(changes)))


async def by_anybody(interaction: str, type: str, server: Server) -> Call:
    """A call of one who may do it all, as everybody may where no token is asked for."""
    return await admitted(Call(Address(interaction, type)), server)


@contextmanager
def bare(file: Path) -> Iterator[int]:
    """The port of the bare handler on a file."""
    command = [sys.executable, "-m", "tests.benchmarks.bare", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield port_of(Running(process, Path("/dev/null")))
        finally:
            process.terminate()


def port_of(server: Running) -> int:
    """Where it listens."""
    port = urlsplit(server.base).port
    assert port is not None
    return port
