"""What all parts of the authorization server are handed, and the tokens that it makes of it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import Environment

from fhir_server.access.authorize.person import People, Person
from fhir_server.access.authorize.refusal import Refused
from fhir_server.access.authorize.remembered import Context, Family, Memory
from fhir_server.access.authorize.signing import Signer
from fhir_server.access.client import Client, Clients, scopes_of
from fhir_server.access.issuer import CALLERS, EVERY, Issuer
from fhir_server.access.keys import InlineKeys, Keys
from fhir_server.access.mapping import load_mapping
from fhir_server.access.registration import BadRegistration
from fhir_server.access.revoked import RevokedTokens
from fhir_server.access.scope import BadScope, Scopes, parse_scopes
from fhir_server.access.token import SKEW, Verifier
from fhir_server.fhir.instant import SECOND
from fhir_server.fhir.outcome import Forbidden
from fhir_server.search.parse import Parser

USER_SECONDS = 3600
DEVELOPMENT_SECONDS = 8 * 3600
"""A working day: the longest that a token may live which whoever develops asks for, and so the longest of all."""
SYSTEM_SECONDS = 300
"""https://hl7.org/fhir/smart-app-launch/backend-services.html#issue-access-token"""
PICKING_SECONDS = 60
"""How long the token lives that the server asks by for a person who has not approved anything yet."""
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
"""https://hl7.org/fhir/R4/datatypes.html#id"""
ACCESS_TOKEN = "at+jwt"  # noqa: S105  # a typ, https://www.rfc-editor.org/rfc/rfc9068#section-2.1
DEVELOPMENT = "development"
"""The client of tokens that `fhir-server token` asks for: it is registered nowhere, and can ask for nothing else."""
Search: TypeAlias = Callable[[str, str, Sequence[tuple[str, str]]], Awaitable[list[dict[str, Any]]]]
"""The resources of a type that the bearer of a token finds by parameters, under the server's own rules, and audited."""
Record: TypeAlias = Callable[[str, str, str, int], Awaitable[None]]
"""Leaves an audit entry: the client, the person (a reference, or ""), what was done, and how it was answered."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The collaborators of every endpoint. `url` is its iss and where its endpoints begin, `base` the FHIR base. `keys` are those
    that a client has registered; `chance` gives so many random bytes, `clock` milliseconds since 1970; `language` chooses
    one by Accept-Language; `secret` seals forms. `origins` are those whose scripts may ask for any client's tokens.
    """

    url: str
    base: str
    clients: Clients
    keys: Callable[[Client], Keys]
    people: People
    memory: Memory
    signer: Signer
    revoked: RevokedTokens
    parser: Parser
    search: Search
    record: Record
    pages: Environment
    language: Callable[[str], str]
    clock: Callable[[], int]
    secret: bytes
    origins: frozenset[str] = frozenset()

    def issuer(self) -> Issuer:
        """Who gives these tokens out, as who checks them must know it."""
        return own_issuer(self.url, self.signer)

    def verifier(self) -> Verifier:
        """What checks the tokens given out here."""
        return Verifier(self.base, {self.url: self.issuer()}, self.revoked.is_revoked, self.clock)

    async def client(self, id: str) -> Client:
        """An active client. Refused."""
        found = await self.clients.find(id) if id else None
        if found is None:
            raise Refused("client")
        return found

    def origins_of(self, client: Client | None) -> frozenset[str]:
        """The origins whose scripts may read what a client is answered."""
        return self.origins.union(client.origins if client else ())

    async def is_known(self, id: str) -> bool:
        """Whether tokens of this client still count."""
        return id == DEVELOPMENT or await self.clients.find(id) is not None

    def parse(self, text: str) -> Scopes:
        """What scopes mean. Refused."""
        try:
            return parse_scopes(text, self.parser)
        except BadScope as bad:
            raise Refused("scope", why=str(bad)) from None

    def scopes(self, text: str, client: Client, contexts: frozenset[str]) -> Scopes:
        """What an app asks for, where it may have all of it. Refused."""
        asked = self.parse(text)
        if not text:
            raise Refused("scope-none")
        try:
            allowed = [one for one in scopes_of(client, self.parser) if one.context in contexts]
        except BadRegistration:
            raise Refused("scope-wide") from None
        if asked.context not in contexts | {""} or not any(asked.within(one) for one in allowed):
            raise Refused("scope-wide")
        return asked

    def access_token(self, client: str, scopes: str, lasts: int, claims: Mapping[str, Any], jti: str) -> str:
        """A signed access token; `lasts` in seconds, `claims` with sub. https://www.rfc-editor.org/rfc/rfc9068"""
        now = self.clock() // SECOND
        told = {"iss": self.url, "aud": self.base, "client_id": client, "jti": jti, "iat": now, "exp": now + lasts}
        return self.signer.sign(ACCESS_TOKEN, {**told, "scope": scopes, **claims})

    def person_token(self, person: Person, client: str, scopes: str, context: Context, jti: str, lasts: int) -> str:
        """The access token of a person, for what an app was launched with."""
        told: dict[str, Any] = {
            "sub": person.subject(self.url),
            "fhirUser": f"{self.base}/{person.user}",
            **person.claims(),
        }
        if context.patient:
            told["patient"] = context.patient
        if context.encounter:
            told["encounter"] = context.encounter
        if context.fhir_context:
            told["fhirContext"] = list(context.fhir_context)
        return self.access_token(client, scopes, lasts, told, jti)

    def id_token(self, person: Person, family: Family) -> str:
        """Who signed in. https://openid.net/specs/openid-connect-core-1_0.html#IDToken"""
        now = self.clock() // SECOND
        told: dict[str, Any] = {"iss": self.url, "aud": family.client, "sub": person.subject(self.url)}
        told |= {"iat": now, "exp": now + USER_SECONDS}
        if family.nonce:
            told["nonce"] = family.nonce
        if {"fhirUser", "profile"} & set(family.scopes.split(" ")):
            told["fhirUser"] = f"{self.base}/{person.user}"
        return self.signer.sign("JWT", told)

    async def revoke(self, jti: str, expires: int) -> None:
        """Ends an access token that expires at that moment (ms since 1970), and the time that clocks may differ later."""
        await self.revoked.revoke(self.url, jti, expires + SKEW * SECOND)

    async def visible(
        self, person: Person, client: str, type: str, parameters: Sequence[tuple[str, str]], acts_for: str = ""
    ) -> list[dict[str, Any]]:
        """The resources of a type that a person may see, found as the person would find them; `acts_for` is the id of another
        Patient for whom the person asks.
        """
        context, jti = Context(patient=acts_for), self.memory.new_text()
        token = self.person_token(person, client, f"user/{type}.rs", context, jti, PICKING_SECONDS)
        try:
            return await self.search(token, type, parameters)
        except Forbidden:
            return []  # who may see none of a type finds none of it

    async def wards(self, person: Person, client: str) -> list[dict[str, Any]]:
        """The Patients that a citizen may see as their guardian."""
        found: list[dict[str, Any]] = []
        for id in await self.people.related_to(person):
            found += await self.visible(person, client, "Patient", (("_id", id),), acts_for=id)
        return found

    async def may_see(self, person: Person, client: str, type: str, id: str, patient: str = "") -> bool:
        """Whether a person may see the resource of an id, and it is about the patient where one is named."""
        if not _ID.fullmatch(id):
            return False
        about = (("patient", patient),) if patient else ()
        return bool(await self.visible(person, client, type, (("_id", id), *about)))


def own_issuer(url: str, signer: Signer) -> Issuer:
    """The authorization server as an issuer that the verifier trusts, its keys at hand."""
    return Issuer(
        url=url,
        keys=InlineKeys(signer.jwks),
        claims=load_mapping("own"),
        algorithms=frozenset({"RS256"}),
        kinds=CALLERS,
        organizations=frozenset({EVERY}),
        lifetime=DEVELOPMENT_SECONDS,
    )
