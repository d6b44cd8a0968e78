"""The small authorization server beside a server, and what it is handed."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from jinja2 import ChoiceLoader, Environment, PackageLoader

from fhir_server.access.authorize.authority import Authority, Record, Search
from fhir_server.access.authorize.person import People
from fhir_server.access.authorize.remembered import Memory
from fhir_server.access.authorize.signing import kept_signer
from fhir_server.access.client import Client, Clients
from fhir_server.access.fetch import FetchedKeys, Kept, Shelter
from fhir_server.access.keys import InlineKeys, Keys
from fhir_server.access.revoked import RevokedTokens
from fhir_server.access.trust import Trust
from fhir_server.assembly.outside import certificates, clock
from fhir_server.audit.agent import Agent
from fhir_server.audit.event import Occasion, entry
from fhir_server.fhir.codec import decode, encode
from fhir_server.http.application import AUTHORIZATION_PATH
from fhir_server.http.negotiate import language
from fhir_server.http.smart import AuthorizationServer
from fhir_server.interactions.call import Address, Call, Server
from fhir_server.interactions.commit import perform
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS, Commit, Store


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
async def authorizing(settings: Settings, server: Server, trust: Trust | None) -> AsyncIterator[Authority | None]:
    """The small authorization server, where it is asked for, until the block ends."""
    if trust is None or not settings.authorize:
        yield None
        return
    async with httpx.AsyncClient(verify=certificates()) as client:
        yield await authority_of(settings, server, client, trust.revoked)


def authority_url(settings: Settings) -> str:
    return f"{settings.root}{AUTHORIZATION_PATH}"


async def authority_of(
    settings: Settings, server: Server, client: httpx.AsyncClient, revoked: RevokedTokens
) -> Authority:
    """The small authorization server beside a server; `client` fetches the keys that clients have registered. Unavailable."""
    store, loaders = server.store, [PackageLoader("fhir_server.access.authorize", "pages")]
    return Authority(
        url=authority_url(settings),
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
        origins=frozenset(settings.cors_origins),
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
