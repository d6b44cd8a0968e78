"""What the database setting names, opened: a store, its trail, its registries, its backups."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fhir_server.access.client import KIND as CLIENT
from fhir_server.access.client import Client, scopes_of
from fhir_server.access.issuers import KIND as ISSUER
from fhir_server.access.issuers import RegisteredIssuer
from fhir_server.access.registration import require
from fhir_server.access.registry import Registry
from fhir_server.assembly.defined import CLAIMS, search_parameters
from fhir_server.assembly.outside import MONGODB, NotStarted, clock, sqlite_path
from fhir_server.audit.agent import Agent
from fhir_server.fhir import definitions
from fhir_server.fhir.instant import instant
from fhir_server.search.parse import Parser
from fhir_server.settings import Settings
from fhir_server.storage.archive import Manifest
from fhir_server.storage.mongo import backup as mongo_backup
from fhir_server.storage.mongo.store import MongoStore
from fhir_server.storage.sqlite import backup as sqlite_backup
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.sqlite.trail_file import open_trail as sqlite_trail
from fhir_server.storage.store import Store, Trail


async def open_store(settings: Settings, version: str) -> Store:
    """The store that the database setting names, for one who indexes by the definitions of this version."""
    if settings.database.startswith(MONGODB):
        return await MongoStore.open(settings.database, clock, version)
    if settings.database.startswith("sqlite:///"):
        return await SqliteStore.open(sqlite_path(settings.database), clock)
    raise NotStarted("The database must be sqlite:///FILE, sqlite:///:memory: or mongodb://HOST/NAME.")


@dataclass(frozen=True, slots=True)
class Registries:
    """Who is registered in a database: who may ask for tokens, and whose tokens are trusted."""

    clients: Registry[Client]
    issuers: Registry[RegisteredIssuer]


@asynccontextmanager
async def open_registries(settings: Settings) -> AsyncIterator[Registries]:
    """Who is registered in the database, until the block ends; the audit says that it was done at the command line.
    NotStarted; Unopened, also where a server holds the file.
    """
    refuse_memory(settings)
    store = await open_store(settings, "")
    try:
        yield Registries(
            client_registry(store, settings.base),
            Registry(ISSUER, RegisteredIssuer, store, clock, COMMAND_LINE, _check_issuer),
        )
    finally:
        await store.close()


COMMAND_LINE = Agent(who="command-line").text()


def client_registry(store: Store, base: str) -> Registry[Client]:
    """The clients that are registered in a store; the audit says that it was done at the command line."""

    def check(client: Client) -> None:
        scopes_of(client, Parser(search_parameters(), base))

    return Registry(CLIENT, Client, store, clock, COMMAND_LINE, check)


def _check_issuer(issuer: RegisteredIssuer) -> None:
    names = (name for name, _ in definitions.read("security") if name.startswith(CLAIMS))
    known = sorted(name.removeprefix(CLAIMS).removesuffix(".json") for name in names)
    require(issuer.mapping in known, f"mapping: one of {', '.join(known) or 'those in security/: there is none'}.")


@asynccontextmanager
async def open_trail(settings: Settings) -> AsyncIterator[Trail]:
    """The trail of the database, until the block ends; servers may hold it. NotStarted, Unopened."""
    if not settings.database.startswith(MONGODB):
        with sqlite_trail(_sqlite_file(settings), clock) as trail:
            yield trail
        return
    store = await MongoStore.open(settings.database, clock)
    try:
        yield store
    finally:
        await store.close()


async def back_up(settings: Settings, target: Path) -> Manifest:
    """Writes a backup of the database to a file that is not there yet; servers go on. NotStarted, Unopened, Unarchived."""
    made = instant(clock())
    if settings.database.startswith(MONGODB):
        return await mongo_backup.back_up(settings.database, target, made)
    return sqlite_backup.back_up(_sqlite_file(settings), target, made)


async def restore(settings: Settings, source: Path) -> Manifest:
    """Puts a backup into the database, in which nothing may be yet. NotStarted, Unopened, Unarchived."""
    if settings.database.startswith(MONGODB):
        return await mongo_backup.restore(source, settings.database)
    return sqlite_backup.restore(source, _sqlite_file(settings))


def refuse_memory(settings: Settings) -> None:
    """Raises NotStarted for a database in memory: to a command, what is in it is nobody's."""
    if not settings.database.startswith(MONGODB):
        _sqlite_file(settings)


def _sqlite_file(settings: Settings) -> str:
    path = sqlite_path(settings.database)
    if not settings.database.startswith("sqlite:///") or path == ":memory:":
        raise NotStarted("The database must be sqlite:///FILE or mongodb://HOST/NAME.")
    return path
