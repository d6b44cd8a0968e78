"""Where the rooms are put together: the one module that knows them all.

Settings, clocks and random sources come in here; the rooms below are handed what they need.
"""

import time
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from fhir_server import __version__
from fhir_server.access.anchor import load_anchors
from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.routes import authorization_routes
from fhir_server.access.channel import Channels
from fhir_server.access.client import Origins
from fhir_server.access.decide import Law, OpenAccess, SmartAccess
from fhir_server.access.emergency import Emergencies
from fhir_server.access.identity import load_persons
from fhir_server.access.rate import Rates, load_proportions
from fhir_server.access.scope import parse_scopes
from fhir_server.access.standing import Standings
from fhir_server.access.trust import Trust
from fhir_server.access.ward import Wards
from fhir_server.assembly.authority import authorization_server, authorizing
from fhir_server.assembly.defined import (
    compiled_profiles,
    discharge_policies,
    discovered,
    emergency_terms,
    index_version,
    lay_definitions,
    load_law,
    promises_of,
    refuse_boasts,
    relationships,
    search_parameters,
    shelf_of,
    sound_parties,
    sound_workflows,
    sound_worklists,
    statement_of,
)
from fhir_server.assembly.duties import sharing, tended, told, trusted
from fhir_server.assembly.opening import open_store
from fhir_server.assembly.outside import clock, new_id, new_request_id, secret, tell_of_guesses, write_line
from fhir_server.assembly.safety import refuse_unsafe
from fhir_server.audit.doorstep import Doorstep
from fhir_server.audit.render import Renderer
from fhir_server.audit.surface import TrailOverStore
from fhir_server.fhir import definitions
from fhir_server.http.application import BASE_PATH, DISCOVERY_PATH, Beside, application
from fhir_server.http.docs import docs_routes
from fhir_server.http.endpoint import FhirEndpoint
from fhir_server.http.observe import Observer
from fhir_server.http.openapi.document import describe
from fhir_server.http.request import Reader
from fhir_server.http.smart import discovery_route
from fhir_server.http.welcome import Story, welcome_route
from fhir_server.interactions.call import Content, Server, searched_types
from fhir_server.interactions.table import TABLE
from fhir_server.search.compartment import load_compartments
from fhir_server.search.extract import Extractor
from fhir_server.search.parse import Parser
from fhir_server.settings import Settings
from fhir_server.storage.shelf import ShelfOverStore
from fhir_server.storage.store import SYSTEM_GRANTS, Overtaken, Store
from fhir_server.validation.terms import Terminology
from fhir_server.validation.validate import Validator


@dataclass(frozen=True, slots=True)
class Assembly:
    """The house, put together and open: `app` for an ASGI server, `server` for what runs beside it; `origins` says whose
    scripts may call, `trust` whose tokens count, where one is asked for.
    """

    app: ASGIApp
    server: Server
    index_version: str
    origins: Origins
    trust: Trust | None = None


@asynccontextmanager
async def assembled(settings: Settings, stories: Sequence[Story] = ()) -> AsyncIterator[Assembly]:
    """The house with its store open, until the block ends. NotStarted where something stands in the way."""
    refuse_unsafe(settings)
    lay_definitions(settings)
    discharge_policies()  # a row of theirs that is wrong refuses the start, not the first discharge
    version = index_version()
    store = await open_store(settings, version)
    try:
        doorstep = Doorstep(clock)
        async with (
            trusted(settings, store) as trust,
            sharing(settings, store) as origins,
            tended(store),
            told(doorstep, store),
        ):
            server = _server(settings, store, trust)
            async with authorizing(settings, server, trust) as authority:
                app = _application(settings, server, stories, doorstep, authority, origins)
                yield Assembly(app, server, version, origins, trust)
    finally:
        await store.close()


def _smart(settings: Settings, standings: Standings, trust: Trust, parser: Parser, law: Law) -> SmartAccess:
    verifier, scopes = trust.verifier(settings.base), partial(parse_scopes, parser=parser)
    return SmartAccess(verifier, scopes, standings.of, law, clock, standings.forget)


def _wards(settings: Settings, store: Store) -> Wards:
    return Wards(store, load_persons(), relationships(), settings.base, proxies=settings.proxies)


def _server(settings: Settings, store: Store, trust: Trust | None) -> Server:
    statement = statement_of(settings)
    promises = promises_of(statement)
    refuse_boasts(promises)
    parameters = search_parameters()
    extractor, parser = Extractor(parameters, settings.base), Parser(parameters, settings.base)
    law, emergencies = load_law(), Emergencies(store, clock, emergency_terms())
    standings = Standings(store, load_persons(), clock, emergencies, wards=_wards(settings, store))
    compartments, profiles = load_compartments(parameters), compiled_profiles()
    sound_workflows()
    sound_parties()
    sound_worklists()
    return Server(
        store=ShelfOverStore(shelf_of(statement, extractor), TrailOverStore(store, Renderer(settings.base))),
        access=_smart(settings, standings, trust, parser, law)
        if trust and settings.access == "smart"
        else OpenAccess(),
        content=Content(
            Validator(profiles),
            parameters,
            extractor,
            parser,
            load_anchors(),
            load_persons(),
            compartments,
            Terminology(definitions.every(), profiles.value_sets),
            law.protection,
        ),
        routes=promises,
        table=TABLE,
        statement=statement,
        clock=clock,
        new_id=new_id,
        base=settings.base,
        secret=secret(settings),
        emergencies=emergencies,
        rates=Rates(settings.rate_limit, load_proportions(), clock, tell_of_guesses),
        channels=Channels(settings.subscribers if settings.access == "smart" else None),
        types=searched_types(statement),
        asks_version=settings.if_match == "required",
    )


def _application(
    settings: Settings,
    server: Server,
    stories: Sequence[Story],
    doorstep: Doorstep,
    authority: Authority | None = None,
    origins: Container[str] = (),
) -> ASGIApp:
    registry = CollectorRegistry()
    observer = Observer(registry, structlog.get_logger(), write_line, time.perf_counter)
    reader = Reader(settings.body_limit)
    endpoint = FhirEndpoint(BASE_PATH, server, server.routes, reader, observer, new_request_id, doorstep.turned_away)
    people = authority.people.all if authority and stories else None
    pages = [welcome_route(server.base, settings.access, __version__, stories, docs=settings.shows_docs, people=people)]
    beside_us = authorization_server(settings.root) if authority else None
    smart = authority or settings.access == "smart"
    pages.append(discovery_route(DISCOVERY_PATH, discovered(beside_us) if smart else None))
    pages += authorization_routes(authority) if authority else []
    if settings.shows_docs:
        pages += docs_routes(cache(lambda: describe(server.statement, definitions.by_canonical(), server.base)))
    beside = Beside(
        pages=pages,
        ready=server.store.check,
        registry=registry,
        version=__version__,
        origins=origins,
        encrypted=settings.encrypted,
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
