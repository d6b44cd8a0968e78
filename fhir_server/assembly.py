"""Where the rooms are put together: the one module that knows them all.

Settings, clocks and random sources come in here; the rooms below are handed what they need.
"""

import hashlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from fhir_server import __version__
from fhir_server.access.anchor import load_anchors
from fhir_server.access.decide import OpenAccess
from fhir_server.access.identity import load_persons
from fhir_server.fhir import definitions
from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.identity import uuid7
from fhir_server.fhir.instant import instant
from fhir_server.fhir.naming import naming_systems
from fhir_server.http.application import BASE_PATH, Beside, application
from fhir_server.http.docs import docs_routes
from fhir_server.http.endpoint import FhirEndpoint
from fhir_server.http.observe import Observer
from fhir_server.http.openapi.document import describe
from fhir_server.http.request import Reader
from fhir_server.http.routes import Promises
from fhir_server.http.welcome import Story, welcome_route
from fhir_server.interactions.call import Content, Server
from fhir_server.interactions.shelve import shelve
from fhir_server.interactions.table import TABLE
from fhir_server.search.compartment import load_compartments
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import Parameters, load_parameters
from fhir_server.search.parse import Parser
from fhir_server.settings import Settings
from fhir_server.storage.archive import Manifest
from fhir_server.storage.mongo import backup as mongo_backup
from fhir_server.storage.mongo.store import MongoStore
from fhir_server.storage.shelf import Shelf, ShelfOverStore
from fhir_server.storage.sqlite import backup as sqlite_backup
from fhir_server.storage.sqlite.store import SqliteStore
from fhir_server.storage.store import SYSTEM_GRANTS, Overtaken, Store
from fhir_server.validation.profile import Profiles, load_profiles
from fhir_server.validation.terms import Terminology
from fhir_server.validation.validate import Validator

MONGODB = "mongodb://"
STATEMENT = "CapabilityStatement-care-plan-server.json"


class NotStarted(Exception):
    """The server cannot start as it was asked to; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The house, put together and open: `app` for an ASGI server, `server` for what runs beside it."""

    app: ASGIApp
    server: Server
    index_version: str


@asynccontextmanager
async def assembled(settings: Settings, stories: Sequence[Story] = ()) -> AsyncIterator[Assembly]:
    """The house with its store open, until the block ends. NotStarted where something stands in the way."""
    refuse_unsafe(settings)
    version = index_version()
    store = await open_store(settings, version)
    try:
        server = _server(settings, store)
        yield Assembly(_application(settings, server, stories), server, version)
    finally:
        await store.close()


def refuse_unsafe(settings: Settings) -> None:
    """Raises NotStarted for settings that would open somebody's data, or that this version cannot honour."""
    if settings.access == "smart":
        raise NotStarted(
            "Access 'smart' is not in this version yet. For development on this machine: --access open "
            "(no token asked, loopback only)."
        )
    if settings.host not in {"127.0.0.1", "::1", "localhost"}:
        raise NotStarted(
            f"Access 'open' asks nobody for a token, so it is for loopback alone; --host {settings.host} is refused. "
            "Use --host 127.0.0.1."
        )
    if settings.workers > 1 and settings.database.startswith("sqlite:"):
        raise NotStarted("SQLite has one writer: two workers on one file are no faster. Use --workers 1.")
    if settings.database.startswith(MONGODB) and not settings.secret.get_secret_value():
        raise NotStarted("With MongoDB the secret must be given, the same to every process: set FHIR_SERVER_SECRET.")


async def open_store(settings: Settings, version: str) -> Store:
    """The store that the database setting names, for one who indexes by the definitions of this version."""
    if settings.database.startswith(MONGODB):
        return await MongoStore.open(settings.database, clock, version)
    if settings.database.startswith("sqlite:///"):
        return await SqliteStore.open(sqlite_path(settings.database), clock)
    raise NotStarted("The database must be sqlite:///FILE, sqlite:///:memory: or mongodb://HOST/NAME.")


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


def _sqlite_file(settings: Settings) -> str:
    path = sqlite_path(settings.database)
    if not settings.database.startswith("sqlite:///") or path == ":memory:":
        raise NotStarted("The database must be sqlite:///FILE or mongodb://HOST/NAME.")
    return path


def sqlite_path(database: str) -> str:
    """The file that `sqlite:///care-plans.db` (relative) or `sqlite:////var/lib/plans.db` (absolute) names."""
    return urlsplit(database).path.removeprefix("/") or ":memory:"


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id(type: str) -> str:
    """An id never given before. It sorts by the time it was made; a Patient's does not: who was told where somebody is would
    know since when.
    """
    return str(uuid4()) if type == "Patient" else uuid7(clock(), os.urandom(10))


def check_definitions() -> None:
    """Raises NotStarted where the definitions promise what nobody built, do not compile, or cannot be served themselves."""
    settings = Settings()
    statement = _statement(settings)
    refuse_boasts(_promises(statement))
    _shelf(statement, Extractor(_parameters(all_compiled=True), settings.base))
    _profiles()


def _parameters(*, all_compiled: bool = False) -> Parameters:
    """The search parameters; NotStarted where they cannot be used. A start compiles HL7's when they are first asked for."""
    try:
        parameters = load_parameters()
        if all_compiled:
            parameters.check()
    except BadDefinition as error:
        raise NotStarted(f"search/{error}") from error
    return parameters


def _profiles() -> Profiles:
    """The profiles, all compiled; NotStarted where one cannot be used."""
    try:
        profiles = load_profiles()
        profiles.check()
    except BadDefinition as error:
        raise NotStarted(f"profiles/: {error}") from error
    return profiles


def write_line(line: str) -> None:
    """To the log, as it is."""
    sys.stderr.write(line)


def _server(settings: Settings, store: Store) -> Server:
    statement = _statement(settings)
    promises = _promises(statement)
    refuse_boasts(promises)
    parameters = _parameters()
    extractor = Extractor(parameters, settings.base)
    compartments, profiles = load_compartments(parameters), _profiles()
    return Server(
        store=ShelfOverStore(_shelf(statement, extractor), store),
        access=OpenAccess(),
        content=Content(
            Validator(profiles),
            parameters,
            extractor,
            Parser(parameters, settings.base),
            load_anchors(),
            load_persons(),
            compartments,
            Terminology((one for _, one in definitions.read("profiles")), profiles.value_sets),
        ),
        routes=promises,
        table=TABLE,
        statement=statement,
        clock=clock,
        new_id=new_id,
        base=settings.base,
        secret=secret(settings),
    )


@cache
def index_version() -> str:
    """Which definitions an index is made by: those of `search/`, the table of anchors, and the forms of systems."""
    made_by = [*definitions.read("search"), *definitions.read("security"), *naming_systems()]
    return hashlib.sha256(encode(made_by)).hexdigest()


def _statement(settings: Settings) -> dict[str, Any]:
    """The CapabilityStatement of the definitions, and the facts of this process: nothing else is added."""
    statement = deepcopy(dict(definitions.read("capability"))[STATEMENT])
    statement["software"]["version"] = __version__
    statement["implementation"]["url"] = settings.base
    return statement


def _shelf(statement: dict[str, Any], extractor: Extractor) -> Shelf:
    """All definitions as they stand, the CapabilityStatement as this process tells it; NotStarted for one that is not sound."""
    found = {f"{folder}/{name}": read for folder in definitions.FOLDERS for name, read in definitions.read(folder)}
    try:
        return shelve((found | {f"capability/{STATEMENT}": statement}).items(), extractor)
    except BadDefinition as error:
        raise NotStarted(str(error)) from error


def _promises(statement: dict[str, Any]) -> Promises:
    """What the statement promises; NotStarted where an operation or a compartment has no definition beside it."""
    try:
        return Promises(statement, definitions.by_canonical())
    except KeyError as missing:
        raise NotStarted(f"{STATEMENT} promises what no folder defines: {missing}.") from None


def refuse_boasts(promises: Promises) -> None:
    """Raises NotStarted where the CapabilityStatement promises an interaction that nobody built."""
    if boasts := promises.interactions - TABLE.keys():
        raise NotStarted(f"{STATEMENT} promises what nobody built: {', '.join(sorted(boasts))}.")


def secret(settings: Settings) -> bytes:
    """What seals page tokens: the setting, else a file beside the database that only its owner reads, made once."""
    if given := settings.secret.get_secret_value():
        return given.encode()
    path = sqlite_path(settings.database)
    if path == ":memory:":
        return secrets.token_bytes(32)
    file = Path(f"{path}.secret")
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(secrets.token_bytes(32))
    return file.read_bytes()


def _application(settings: Settings, server: Server, stories: Sequence[Story]) -> ASGIApp:
    registry = CollectorRegistry()
    observer = Observer(registry, structlog.get_logger(), write_line, time.perf_counter)
    endpoint = FhirEndpoint(
        BASE_PATH, server, server.routes, Reader(settings.body_limit), observer, lambda: secrets.token_hex(8)
    )
    pages = [welcome_route(server.base, settings.access, __version__, stories, docs=settings.shows_docs)]
    if settings.shows_docs:
        pages += docs_routes(cache(lambda: describe(server.statement, definitions.by_canonical(), server.base)))
    beside = Beside(
        pages=pages,
        ready=server.store.check,
        registry=registry,
        version=__version__,
        cors_origins=settings.cors_origins,
    )
    return application(endpoint, beside)


async def claim_index(assembly: Assembly) -> bool:
    """Whether the store's index was made by the definitions of today; a store with nothing in it takes them over."""
    store = assembly.server.store
    made_by = await store.index_version()
    if made_by == assembly.index_version:
        return True
    async for _ in store.resources(SYSTEM_GRANTS["reindex"]):
        return False
    try:
        await store.index_is(assembly.index_version)
    except Overtaken:
        return False  # another process makes it just now
    return True
