"""Where the rooms are put together: the one module that knows them all.

Settings, clocks and random sources come in here; the rooms below are handed what they need.
"""

import asyncio
import hashlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import structlog
from jinja2 import ChoiceLoader, Environment, PackageLoader
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from fhir_server import __version__
from fhir_server.access.anchor import FILE as ANCHORS
from fhir_server.access.anchor import load_anchors
from fhir_server.access.authorize.authority import Authority, Record, Search, own_issuer
from fhir_server.access.authorize.person import People
from fhir_server.access.authorize.remembered import Memory
from fhir_server.access.authorize.routes import authorization_routes
from fhir_server.access.authorize.signing import kept_signer
from fhir_server.access.client import KIND as CLIENT
from fhir_server.access.client import Client, Clients, scopes_of
from fhir_server.access.decide import Law, OpenAccess, SmartAccess
from fhir_server.access.fetch import FetchedKeys, Kept, Shelter
from fhir_server.access.identity import load_persons
from fhir_server.access.issuers import KIND as ISSUER
from fhir_server.access.issuers import RegisteredIssuer
from fhir_server.access.keys import InlineKeys, Keys
from fhir_server.access.mapping import ClaimMapping, load_mappings
from fhir_server.access.mirror import keep_fresh
from fhir_server.access.need import load_needs
from fhir_server.access.registration import LOOPBACK, is_loopback, require
from fhir_server.access.registry import Registry
from fhir_server.access.revoked import RevokedTokens
from fhir_server.access.rules import load_rules
from fhir_server.access.scope import parse_scopes
from fhir_server.access.standing import Standings
from fhir_server.access.trust import Trust
from fhir_server.audit.agent import Agent
from fhir_server.audit.event import Occasion, entry
from fhir_server.audit.render import Renderer
from fhir_server.audit.surface import TrailOverStore
from fhir_server.fhir import definitions
from fhir_server.fhir.codec import decode, encode
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.fhir.identity import uuid7
from fhir_server.fhir.instant import instant
from fhir_server.fhir.naming import naming_systems
from fhir_server.fhir.outcome import Unavailable
from fhir_server.http.application import AUTHORIZATION_PATH, BASE_PATH, DISCOVERY_PATH, Beside, application
from fhir_server.http.docs import docs_routes
from fhir_server.http.endpoint import FhirEndpoint
from fhir_server.http.negotiate import language
from fhir_server.http.observe import Observer
from fhir_server.http.openapi.document import describe
from fhir_server.http.request import Reader
from fhir_server.http.routes import Promises
from fhir_server.http.smart import (
    AuthorizationServer,
    Configuration,
    discovery_route,
    smart_configuration,
    smart_security,
)
from fhir_server.http.welcome import Story, welcome_route
from fhir_server.interactions.call import Address, Call, Content, Server
from fhir_server.interactions.commit import perform
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
from fhir_server.storage.sqlite.trail_file import open_trail as sqlite_trail
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Overtaken, Store, Trail
from fhir_server.validation.profile import Profiles, load_profiles
from fhir_server.validation.terms import Terminology
from fhir_server.validation.validate import Validator

MONGODB = "mongodb://"
STATEMENT = "CapabilityStatement-care-plan-server.json"
CLAIMS = "ConceptMap-claims-"
"""What the files of `security/` begin with that say what an issuer's claims mean."""


class NotStarted(Exception):
    """The server cannot start as it was asked to; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The house, put together and open: `app` for an ASGI server, `server` for what runs beside it; `trust` says whose
    tokens count, where one is asked for.
    """

    app: ASGIApp
    server: Server
    index_version: str
    trust: Trust | None = None


@asynccontextmanager
async def assembled(settings: Settings, stories: Sequence[Story] = ()) -> AsyncIterator[Assembly]:
    """The house with its store open, until the block ends. NotStarted where something stands in the way."""
    refuse_unsafe(settings)
    version = index_version()
    store = await open_store(settings, version)
    try:
        async with _trust(settings, store) as trust, _tended(store):
            server = _server(settings, store, trust)
            async with _authority(settings, server, trust) as authority:
                yield Assembly(_application(settings, server, stories, authority), server, version, trust)
    finally:
        await store.close()


TEND_SECONDS = 1.0
"""How often the store sees to its trail."""


@asynccontextmanager
async def _tended(store: Store) -> AsyncIterator[None]:
    """Has the store see to its trail until the block ends, and then once more."""
    tending = asyncio.create_task(_tend(store))
    try:
        yield
    finally:
        tending.cancel()
        with suppress(asyncio.CancelledError):
            await tending
        with suppress(Unavailable):
            await store.tend()


async def _tend(store: Store) -> None:
    """Each second; what fails is told in the log, and tried again."""
    while True:
        await asyncio.sleep(TEND_SECONDS)
        try:
            await store.tend()
        except Exception as error:  # noqa: BLE001  # a trail that nobody seals is worse than any error
            structlog.get_logger().error("trail-not-tended", error=type(error).__name__)


@asynccontextmanager
async def _trust(settings: Settings, store: Store) -> AsyncIterator[Trust | None]:
    """Whom the server trusts, looked over again and again until the block ends; nobody where no token is asked for."""
    if settings.access == "open" and not settings.authorize:
        yield None
        return
    own = [own_issuer(_authority_url(settings), await kept_signer(store))] if settings.authorize else []
    async with httpx.AsyncClient() as client:
        trust = Trust(store, client, clock, {issuer.url: issuer for issuer in own})
        await trust.refresh()
        duty = asyncio.create_task(keep_fresh([trust.refresh], asyncio.sleep))
        try:
            yield trust
        finally:
            duty.cancel()


def refuse_unsafe(settings: Settings) -> None:
    """Raises NotStarted for settings that would open somebody's data, or that this version cannot honour."""
    _refuse_to_authorize(settings)
    if settings.access == "open" and settings.host not in LOOPBACK:
        raise NotStarted(
            f"Access 'open' asks nobody for a token, so it is for loopback alone; --host {settings.host} is refused. "
            "Use --host 127.0.0.1."
        )
    if settings.workers > 1 and settings.database.startswith("sqlite:"):
        raise NotStarted("SQLite has one writer: two workers on one file are no faster. Use --workers 1.")
    if settings.database.startswith(MONGODB) and not settings.secret.get_secret_value():
        raise NotStarted("With MongoDB the secret must be given, the same to every process: set FHIR_SERVER_SECRET.")


def _refuse_to_authorize(settings: Settings) -> None:
    """Whoever reaches the authorization server may be anybody: nobody but this machine may reach it, whatever the access."""
    if settings.authorize and not (settings.host in LOOPBACK and is_loopback(settings.base)):
        raise NotStarted(
            "FHIR_SERVER_AUTHORIZE lets everybody be anybody, so it is for development on loopback alone: the address and "
            "FHIR_SERVER_BASE_URL must both be of this machine. In production the tokens are an IdP's: fhir-server issuer add."
        )
    if settings.authorize and not settings.base.endswith(BASE_PATH):
        raise NotStarted(
            f"With FHIR_SERVER_AUTHORIZE the base ends in {BASE_PATH}: the tokens are given out beside it."
        )


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
    if not settings.database.startswith(MONGODB):
        _sqlite_file(settings)  # what is in memory alone is nobody's
    store = await open_store(settings, "")
    try:
        yield Registries(
            client_registry(store, settings.base),
            Registry(ISSUER, RegisteredIssuer, store, clock, _COMMAND_LINE, _check_issuer),
        )
    finally:
        await store.close()


_COMMAND_LINE = Agent(who="command-line").text()


def client_registry(store: Store, base: str) -> Registry[Client]:
    """The clients that are registered in a store; the audit says that it was done at the command line."""

    def check(client: Client) -> None:
        scopes_of(client, Parser(_parameters(), base))

    return Registry(CLIENT, Client, store, clock, _COMMAND_LINE, check)


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
    _law()
    _discovered()
    _claim_mappings()


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


def _smart(settings: Settings, store: Store, trust: Trust, parser: Parser, law: Law) -> SmartAccess:
    standings = Standings(store, load_persons(), clock)
    return SmartAccess(trust.verifier(settings.base), partial(parse_scopes, parser=parser), standings.of, law, clock)


def _law() -> Law:
    """What interactions need and what the rules say; NotStarted where an interaction is left out, or a row names what there is not."""
    try:
        return Law(load_needs(TABLE.keys()), load_rules())
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def _discovered(server: AuthorizationServer | None = None) -> Configuration:
    """What apps are told of SMART, and of who gives out the tokens; NotStarted where it rests on what there is not."""
    try:
        return smart_configuration(server)
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def _claim_mappings() -> Mapping[str, ClaimMapping]:
    """What issuers call things; NotStarted where a mapping cannot be used."""
    try:
        return load_mappings()
    except BadDefinition as error:
        raise NotStarted(f"security/{error}") from error


def write_line(line: str) -> None:
    """To the log, as it is."""
    sys.stderr.write(line)


def _server(settings: Settings, store: Store, trust: Trust | None) -> Server:
    statement = _statement(settings)
    promises = _promises(statement)
    refuse_boasts(promises)
    parameters = _parameters()
    extractor, parser = Extractor(parameters, settings.base), Parser(parameters, settings.base)
    law = _law()
    compartments, profiles = load_compartments(parameters), _profiles()
    return Server(
        store=ShelfOverStore(_shelf(statement, extractor), TrailOverStore(store, Renderer(settings.base))),
        access=_smart(settings, store, trust, parser, law) if trust and settings.access == "smart" else OpenAccess(),
        content=Content(
            Validator(profiles),
            parameters,
            extractor,
            parser,
            load_anchors(),
            load_persons(),
            compartments,
            Terminology(definitions.every(), profiles.value_sets),
        ),
        routes=promises,
        table=TABLE,
        statement=statement,
        clock=clock,
        new_id=new_id,
        base=settings.base,
        secret=secret(settings),
        asks_version=settings.if_match == "required",
    )


@cache
def index_version() -> str:
    """Which definitions an index is made by: those of `search/`, the table of anchors, and the forms of systems."""
    anchors = [one for one in definitions.read("security") if one[0] == ANCHORS]
    made_by = [*definitions.read("search"), *anchors, *naming_systems()]
    return hashlib.sha256(encode(made_by)).hexdigest()


def _statement(settings: Settings) -> dict[str, Any]:
    """The CapabilityStatement of the definitions, and the facts of this process: nothing else is added."""
    promised = dict(definitions.read("capability"))[STATEMENT]
    rest = dict(promised["rest"][0])
    if settings.authorize:
        rest["security"] = smart_security(authorization_server(settings.root))
    return promised | {
        "software": promised["software"] | {"version": __version__},
        "implementation": promised["implementation"] | {"url": settings.base},
        "rest": [rest],
    }


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


# ------------------------------------------------------------------------------------------------ who gives out tokens


def authorization_server(root: str) -> AuthorizationServer:
    """What apps are told of the small authorization server of a server that is at `root`."""
    url = f"{root}{AUTHORIZATION_PATH}"
    return AuthorizationServer(
        issuer=url,
        authorization_endpoint=f"{url}/authorize",
        token_endpoint=f"{url}/token",
        jwks_uri=f"{url}/jwks",
        introspection_endpoint=f"{url}/introspect",
        revocation_endpoint=f"{url}/revoke",
        launches=True,
        refreshes=True,
        client_assertions=True,
        client_secrets=True,
    )


@asynccontextmanager
async def _authority(settings: Settings, server: Server, trust: Trust | None) -> AsyncIterator[Authority | None]:
    """The small authorization server, where it is asked for, until the block ends."""
    if trust is None or not settings.authorize:
        yield None
        return
    async with httpx.AsyncClient() as client:
        yield await authority_of(settings, server, client, trust.revoked)


def _authority_url(settings: Settings) -> str:
    return f"{settings.root}{AUTHORIZATION_PATH}"


async def authority_of(
    settings: Settings, server: Server, client: httpx.AsyncClient, revoked: RevokedTokens
) -> Authority:
    """The small authorization server beside a server; `client` fetches the keys that clients have registered. Unavailable."""
    store, loaders = server.store, [PackageLoader("fhir_server.access.authorize", "pages")]
    return Authority(
        url=_authority_url(settings),
        base=settings.base,
        clients=Clients(store, clock),
        keys=_client_keys(client),
        people=People(store, server.content.persons),
        memory=Memory(store, clock, os.urandom),
        signer=await kept_signer(store),
        revoked=revoked,
        parser=server.content.parser,
        search=_search(server),
        record=_record(store),
        pages=Environment(loader=ChoiceLoader([*loaders, PackageLoader("fhir_server.http", "pages")]), autoescape=True),
        language=language,
        clock=clock,
        secret=server.secret,
    )


def _client_keys(client: httpx.AsyncClient) -> Callable[[Client], Keys]:
    """The keys of clients: those that stand in the registration, or those at the address that does."""
    fetched: dict[str, FetchedKeys] = {}

    def keys(one: Client) -> Keys:
        if one.jwks is not None:
            return InlineKeys(encode(one.jwks))
        return fetched.setdefault(one.jwks_url, FetchedKeys(one.jwks_url, client, clock, _NO_SHELTER))

    return keys


async def _recall(url: str) -> None:
    del url


async def _forget(url: str, kept: Kept) -> None:
    del url, kept


_NO_SHELTER = Shelter(_recall, _forget)
"""While developing, keys are fetched anew after a restart."""


def _search(server: Server) -> Search:
    """A search as it comes over HTTP: with a token, under the rules, and audited."""

    async def search(bearer: str, type: str, parameters: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        call = Call(Address("search-type", type), bearer=bearer, parameters=tuple(parameters))
        rows = decode((await perform(call, server)).text).get("entry", ())
        return [row["resource"] for row in rows if row["search"]["mode"] == "match"]

    return search


def _record(store: Store) -> Record:
    async def record(client: str, person: str, interaction: str, status: int) -> None:
        grant = SYSTEM_GRANTS["authorize"]
        agent = Agent(who="authorization-server", client=client, fhir_user=person).text()
        occasion = Occasion(clock(), agent, grant.rule, grant.purpose, "")
        await store.commit(Commit(grant, entries=(entry(occasion, interaction, status),)))

    return record


def _application(
    settings: Settings, server: Server, stories: Sequence[Story], authority: Authority | None = None
) -> ASGIApp:
    registry = CollectorRegistry()
    observer = Observer(registry, structlog.get_logger(), write_line, time.perf_counter)
    endpoint = FhirEndpoint(
        BASE_PATH, server, server.routes, Reader(settings.body_limit), observer, lambda: secrets.token_hex(8)
    )
    pages = [welcome_route(server.base, settings.access, __version__, stories, docs=settings.shows_docs)]
    told = authorization_server(settings.root) if authority else None
    pages.append(
        discovery_route(DISCOVERY_PATH, _discovered(told) if authority or settings.access == "smart" else None)
    )
    pages += authorization_routes(authority) if authority else []
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
