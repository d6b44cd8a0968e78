"""The issuers of access tokens that a deployment trusts: registered in the store, held in memory as what a token is judged by."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.access.issuer import CALLERS, Issuer
from fhir_server.access.keys import KINDS, Keys
from fhir_server.access.mapping import ClaimMapping
from fhir_server.access.mirror import Mirror
from fhir_server.access.registration import (
    LONGEST,
    BadRegistration,
    Registration,
    is_hsa_id,
    read_registration,
    require,
    require_addresses,
    require_keys,
    require_some_of,
)
from fhir_server.fhir.definitions import BadDefinition
from fhir_server.storage.store import Facts

KIND = "issuer"
"""Of the facts that issuers are."""

LONGEST_LIFETIME = 24 * 3600

_MAPPING = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/-]{0,63}", re.ASCII)
_BEGINNING = re.compile(r"SE(?:16)?[0-9]{10}-", re.ASCII)


class RegisteredIssuer(Registration, frozen=True, kw_only=True):
    """An issuer; BadRegistration for one that cannot be, ValidationError where it is read from JSON.

    `url` is its `iss`, to the letter. Its keys stand in `jwks`, or are fetched from `jwks_url`. `mapping` names the ConceptMap of
    its claims (`inera`: `security/ConceptMap-claims-inera.json`). `kinds` are the callers that it may speak for, `organizations`
    the providers: HSA-ids, beginnings of them (`SE2321000016-`) for units and persons, or `*`. `audiences` may stand in `aud`
    beside our base, `types` are the `typ` of its access tokens, `lifetime` the most seconds that one is valid.
    """

    url: str
    mapping: str
    algorithms: tuple[str, ...]
    kinds: tuple[str, ...]
    jwks: dict[str, Any] | None = None
    jwks_url: str = ""
    organizations: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    types: tuple[str, ...] = ("at+jwt", "application/at+jwt")
    lifetime: int = 3600

    def __post_init__(self) -> None:
        """Whatever of it can be told without the definitions of the server."""
        require_addresses("url", [self.url])
        require_keys(self.jwks, self.jwks_url)
        require(
            _MAPPING.fullmatch(self.mapping) is not None, "mapping: the name of a ConceptMap-claims-… in security/."
        )
        require_some_of("algorithms", self.algorithms, KINDS)
        require_some_of("kinds", self.kinds, CALLERS)
        self._require_organizations()
        named = all(0 < len(text) <= LONGEST and text.isprintable() for text in self.audiences)
        require(named, f"audiences: 1 to {LONGEST} characters each.")
        require(bool(self.types) and all(map(_TYPE.fullmatch, self.types)), "types: at least one, as at+jwt.")
        require(0 < self.lifetime <= LONGEST_LIFETIME, f"lifetime: 1 to {LONGEST_LIFETIME} seconds.")

    def _require_organizations(self) -> None:
        known = all(one == "*" or is_hsa_id(one) or _BEGINNING.fullmatch(one) for one in self.organizations)
        require(known, "organizations: HSA-ids (SE2321000016-1003), beginnings of them (SE2321000016-), or *.")
        needs = "staff" in self.kinds
        require(
            not needs or bool(self.organizations), "organizations: at least one for an issuer that speaks for staff."
        )

    @property
    def key(self) -> str:
        """Its url."""
        return self.url


class Issuers(Mapping[str, Issuer]):
    """The issuers that are trusted now, by their url: the same object for as long as its registration stands as it is, so that
    its keys stay at hand.
    """

    def __init__(
        self,
        facts: Facts,
        clock: Callable[[], int],
        keys: Callable[[RegisteredIssuer], Keys],
        claims: Callable[[str], ClaimMapping],
    ) -> None:
        """`clock` gives milliseconds since 1970. `keys` gives the keys of a registration (ValueError), `claims` the mapping of a
        name (BadDefinition). Until the first `refresh` every look is Unavailable, and so it is 30 s after the last.
        """
        self._mirror = Mirror(facts, KIND, clock)
        self._keys, self._claims = keys, claims
        self._made: dict[str, tuple[str, Issuer | None]] = {}
        self._trusted: dict[str, Issuer] = {}

    async def refresh(self) -> frozenset[str]:
        """Looks at what is registered: to be called each few seconds. The urls of those that cannot be used, and so are not
        trusted: for the log. Unavailable.
        """
        await self._mirror.refresh()
        texts = self._mirror.texts
        made = {url: self._kept_or_made(url, text) for url, text in texts.items()}
        self._made = {url: (text, made[url]) for url, text in texts.items()}
        self._trusted = {url: one for url, one in made.items() if one is not None}
        return frozenset(url for url, text in texts.items() if made[url] is None and not _is_revoked(text))

    def _kept_or_made(self, url: str, text: str) -> Issuer | None:
        before, one = self._made.get(url, ("", None))
        return one if before == text else self._make(url, text)

    def _make(self, url: str, text: str) -> Issuer | None:
        try:
            it = read_registration(RegisteredIssuer, text.encode())
            if not it.active or it.url != url:
                return None
            return Issuer(
                url=it.url,
                keys=self._keys(it),
                claims=self._claims(it.mapping),
                algorithms=frozenset(it.algorithms),
                kinds=frozenset(it.kinds),
                organizations=frozenset(it.organizations),
                types=frozenset(it.types),
                audiences=frozenset(it.audiences),
                lifetime=it.lifetime,
            )
        except (ValueError, BadDefinition):
            return None

    def __getitem__(self, url: str) -> Issuer:
        """The issuer of that url. KeyError; Unavailable where nobody has looked for 30 s."""
        _ = self._mirror.texts
        return self._trusted[url]

    def __iter__(self) -> Iterator[str]:
        """The urls of those that are trusted. Unavailable."""
        _ = self._mirror.texts
        return iter(self._trusted)

    def __len__(self) -> int:
        """How many are trusted."""
        return len(self._trusted)


def _is_revoked(text: str) -> bool:
    try:
        return not read_registration(RegisteredIssuer, text.encode()).active
    except BadRegistration:
        return False
