"""The apps and systems that may ask for tokens, as a deployment registers them.

https://hl7.org/fhir/smart-app-launch/app-launch.html#register-app-with-ehr
https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

import re
from collections.abc import Callable, Container, Iterable
from typing import Any

from fhir_server.access.mirror import REFRESHED, Mirror
from fhir_server.access.registration import (
    BadRegistration,
    Registration,
    is_hsa_id,
    is_loopback,
    is_origin,
    read_registration,
    require,
    require_addresses,
    require_keys,
    require_some_of,
)
from fhir_server.access.scope import BadScope, Scopes, parse_scopes
from fhir_server.access.secret import is_hash, is_secret
from fhir_server.fhir.outcome import Unavailable
from fhir_server.search.parse import Parser
from fhir_server.storage.store import Facts

KIND = "client"
"""Of the facts that clients are."""

PUBLIC, CONFIDENTIAL = "public", "confidential"
CODE, REFRESH, CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:/@-]{0,254}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}", re.ASCII)
_LONGEST_NAME = 200


class Client(Registration, frozen=True, kw_only=True):
    """A client; BadRegistration for one that cannot be, ValidationError where it is read from JSON.

    `kind` is public or confidential. `grants` are those of OAuth that it may use; `scopes` the texts of the most that it may
    be granted, one for each context (patient, user, system). `redirect_uris` are compared to the letter, `origins` are those
    whose scripts may call. `launch_uri` is where an EHR starts it. A confidential one has public keys (`jwks`, `jwks_url`) or, on the developer's own machine, the hash
    of a secret. `roles` and `organizations` (HSA-ids) are those that a system has and may act for.
    """

    id: str
    name: str
    kind: str
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    launch_uri: str = ""
    jwks: dict[str, Any] | None = None
    jwks_url: str = ""
    secret_hash: str = ""
    roles: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Whatever of it can be told without the definitions of the server."""
        require(_ID.fullmatch(self.id) is not None, "id: letters, digits and . _ ~ : / @ -, at most 255.")
        named = self.name.strip() == self.name and self.name.isprintable() and 0 < len(self.name) <= _LONGEST_NAME
        require(named, f"name: 1 to {_LONGEST_NAME} characters that can be shown.")
        require(self.kind in {PUBLIC, CONFIDENTIAL}, f"kind: {PUBLIC} or {CONFIDENTIAL}.")
        self._require_grants()
        self._require_addresses()
        self._require_proof()
        require(len(self.scopes) > 0, "scopes: a text of scopes for each context, at least one.")
        require(all(map(_ROLE.fullmatch, self.roles)), "roles: codes of letters, digits and . _ : / -.")
        require(all(map(is_hsa_id, self.organizations)), "organizations: HSA-ids, as SE2321000016-1003.")

    def _require_grants(self) -> None:
        require_some_of("grants", self.grants, (CODE, REFRESH, CREDENTIALS))
        require(self.grants != (REFRESH,), f"grants: {REFRESH} goes with {CODE}.")
        require(REFRESH not in self.grants or CODE in self.grants, f"grants: {REFRESH} goes with {CODE}.")
        own_behalf = CREDENTIALS in self.grants
        require(not own_behalf or self.kind == CONFIDENTIAL, f"grants: {CREDENTIALS} is for a {CONFIDENTIAL} client.")
        acts = bool(self.roles or self.organizations)
        require(not acts or own_behalf, f"roles, organizations: for a client with {CREDENTIALS}.")

    def _require_addresses(self) -> None:
        require_addresses("redirect_uris", self.redirect_uris)
        needs = CODE in self.grants
        require(needs == bool(self.redirect_uris), f"redirect_uris: at least one with {CODE}, none without it.")
        require_addresses("launch_uri", [self.launch_uri] if self.launch_uri else [])
        require(needs or not self.launch_uri, f"launch_uri: for a client with {CODE}.")
        require(all(map(is_origin, self.origins)), "origins: https://HOST[:PORT], or http on loopback, with no path.")

    def _require_proof(self) -> None:
        if self.kind == PUBLIC:
            has = self.jwks is not None or self.jwks_url or self.secret_hash
            require(not has, f"jwks, jwks_url, secret_hash: not with a {PUBLIC} client, which can keep no secret.")
        elif self.secret_hash:
            require(is_hash(self.secret_hash), "secret_hash: as `fhir-server client add --secret FILE` makes it.")
            require(self.jwks is None and not self.jwks_url, "jwks, jwks_url, secret_hash: one of the three.")
            local = all(map(is_loopback, (*self.redirect_uris, *self.origins, *filter(None, [self.launch_uri]))))
            require(local, "secret_hash: for development, so redirect_uris, origins and launch_uri are on loopback.")
        else:
            require_keys(self.jwks, self.jwks_url)

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    def has_secret(self, secret: str) -> bool:
        """Whether this is its secret; of one that has none, nothing is."""
        return is_secret(secret, self.secret_hash)


def read_client(text: bytes) -> Client:
    """The client that JSON tells of. BadRegistration."""
    return read_registration(Client, text)


def scopes_of(client: Client, parser: Parser) -> tuple[Scopes, ...]:
    """The most that a client may be granted, by context. BadRegistration where the texts cannot be read, say nothing, or do
    not go with its grants.
    """
    found = tuple(_scopes(text, parser) for text in client.scopes)
    contexts = [one.context for one in found]
    require(len(set(contexts)) == len(contexts), "scopes: one text for each context: patient, user, system.")
    for scopes in found:
        _require_fitting(scopes, client.grants)
    return found


def _scopes(text: str, parser: Parser) -> Scopes:
    try:
        scopes = parse_scopes(text, parser)
    except BadScope as bad:
        raise BadRegistration(f"scopes: {bad}") from None
    require(text != "" and not scopes.unknown, "scopes: those of SMART that the server knows.")
    return scopes


def _require_fitting(scopes: Scopes, grants: Iterable[str]) -> None:
    if scopes.context == "system":
        require(CREDENTIALS in grants, f"scopes: system/ goes with {CREDENTIALS}.")
        require(not (scopes.launch or scopes.login), "scopes: launch and login are nothing for system/.")
    else:
        require(CODE in grants, f"scopes: those of patient/, user/, launch and login go with {CODE}.")
    require("offline_access" not in scopes.login or REFRESH in grants, f"scopes: offline_access goes with {REFRESH}.")


class Clients:
    """The clients that are registered now."""

    def __init__(self, facts: Facts, clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970."""
        self._mirror = Mirror(facts, KIND, clock)
        self._read: dict[str, tuple[str, Client | None]] = {}

    async def find(self, id: str) -> Client | None:
        """The client of that id, as it was at most 5 s ago; None where there is none, it is revoked, or what is kept of it cannot
        be read. Unavailable.
        """
        await self._mirror.refresh_after(REFRESHED)
        text = self._mirror.texts.get(id)
        if text is None:
            return None
        if self._read.get(id, ("", None))[0] != text:
            self._read[id] = (text, _active(text))
        return self._read[id][1]

    async def all(self) -> list[Client]:
        """Those that `find` would give, by id. Unavailable."""
        await self._mirror.refresh_after(REFRESHED)
        found = [await self.find(id) for id in sorted(self._mirror.texts)]
        return [one for one in found if one is not None]


class Origins(Container[str]):
    """The origins whose scripts may call: those that the clients have registered who are active now, and some that always may."""

    def __init__(self, facts: Facts, clock: Callable[[], int], always: Iterable[str] = ()) -> None:
        """`clock` gives milliseconds since 1970. Until the first `refresh`, and 30 s after the last, `always` are all."""
        self._mirror = Mirror(facts, KIND, clock)
        self._always, self._registered = frozenset(always), frozenset[str]()

    async def refresh(self) -> None:
        """Looks at what is registered: to be called each few seconds. Unavailable."""
        await self._mirror.refresh()
        clients = map(_active, self._mirror.texts.values())
        self._registered = frozenset(origin for client in clients if client for origin in client.origins)

    def __contains__(self, origin: object) -> bool:
        """Whether scripts of an origin may call."""
        return origin in self._always or (origin in self._registered and self._is_fresh())

    def _is_fresh(self) -> bool:
        try:
            _ = self._mirror.texts
        except Unavailable:
            return False
        return True


def _active(text: str) -> Client | None:
    try:
        client = read_client(text.encode())
    except BadRegistration:
        return None
    return client if client.active else None
