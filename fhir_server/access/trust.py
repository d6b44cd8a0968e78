"""Whom this server trusts now: the issuers that are registered, with their keys, and the tokens that were revoked."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from itertools import chain

import httpx
import msgspec

from fhir_server.access.fetch import FetchedKeys, Kept, Shelter
from fhir_server.access.issuer import Issuer
from fhir_server.access.issuers import Issuers, RegisteredIssuer
from fhir_server.access.keys import InlineKeys, Keys
from fhir_server.access.mapping import load_mapping
from fhir_server.access.revoked import RevokedTokens
from fhir_server.access.token import Verifier
from fhir_server.storage.store import Facts

KIND = "jwks"
"""Of the facts that key sets are kept as, so that a restart while an issuer is away still verifies."""


class Trust:
    """Issuers and revoked tokens, as they are in the store a few seconds ago. `own` are issuers of this process itself."""

    def __init__(
        self, facts: Facts, client: httpx.AsyncClient, clock: Callable[[], int], own: Mapping[str, Issuer] | None = None
    ) -> None:
        """`client` fetches key sets; `clock` gives milliseconds since 1970."""
        self._facts, self._client, self._clock = facts, client, clock
        self._registered = Issuers(facts, clock, self._keys_of, load_mapping)
        self.issuers = _Trusted(own or {}, self._registered)
        self.revoked = RevokedTokens(facts, clock)

    def verifier(self, base: str) -> Verifier:
        """Verifies tokens that are meant for a base."""
        return Verifier(base, self.issuers, self.revoked.is_revoked, self._clock)

    async def refresh(self) -> frozenset[str]:
        """Looks at what is registered and revoked: to be called each few seconds. The urls of issuers that cannot be used.
        Unavailable.
        """
        await self.revoked.refresh()
        return await self._registered.refresh()

    def _keys_of(self, registered: RegisteredIssuer) -> Keys:
        if registered.jwks is not None:
            return InlineKeys(msgspec.json.encode(registered.jwks))
        return FetchedKeys(registered.jwks_url, self._client, self._clock, Shelter(self._recall, self._keep))

    async def _recall(self, url: str) -> Kept | None:
        text = await self._facts.kept(KIND, url)
        if text is None:
            return None
        at, _, jwks = text.partition(" ")
        return Kept(b64decode(jwks), int(at))

    async def _keep(self, url: str, kept: Kept) -> None:
        text = f"{kept.at} {b64encode(kept.jwks).decode()}"
        before = await self._facts.kept(KIND, url)
        if before is None:
            await self._facts.keep(KIND, url, text, until=0)
        else:
            await self._facts.replace(KIND, url, before, text, until=0)


class _Trusted(Mapping[str, Issuer]):
    """This process's own issuers, and those that are registered."""

    def __init__(self, own: Mapping[str, Issuer], registered: Issuers) -> None:
        self._own, self._registered = own, registered

    def __getitem__(self, url: str) -> Issuer:
        return self._own.get(url) or self._registered[url]

    def __iter__(self) -> "chain[str]":
        return chain(self._own, self._registered)

    def __len__(self) -> int:
        return len(self._own) + len(self._registered)
