"""Who is trusted to say who a caller is, and how far."""

from dataclasses import dataclass, field

from fhir_server.access.keys import KINDS, Keys
from fhir_server.access.mapping import ClaimMapping

CALLERS = frozenset({"citizen", "staff", "system"})
EVERY = "*"
ACCESS_TOKEN = frozenset({"at+jwt", "application/at+jwt"})
"""https://www.rfc-editor.org/rfc/rfc9068#section-4"""


class BadIssuer(ValueError):
    """An issuer is configured so that it could not be trusted; the message says how."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of access tokens as a deployment registers it; BadIssuer for one that cannot be.

    `url` is its `iss`, to the letter. `kinds` are the callers that it may speak for. `organizations` are the providers whose staff
    it may speak for, by HSA-id, `*` for all there are; a mere beginning (`SE2321000016-`) is no provider, but units and persons
    whose HSA-id begins so may be named. `types` are the `typ` of its access tokens. `audiences` may stand in `aud` beside our base. `lifetime` is the most
    seconds from iat to exp.
    """

    url: str
    keys: Keys = field(repr=False)
    claims: ClaimMapping = field(repr=False)
    algorithms: frozenset[str]
    kinds: frozenset[str]
    organizations: frozenset[str] = frozenset()
    types: frozenset[str] = ACCESS_TOKEN
    audiences: frozenset[str] = frozenset()
    lifetime: int = 3600

    def __post_init__(self) -> None:
        """What a token is held to must be a bound."""
        if not self.algorithms or not self.algorithms <= KINDS.keys():
            raise BadIssuer(f"The algorithms of an issuer are some of {', '.join(sorted(KINDS))}.")
        if not self.kinds or not self.kinds <= CALLERS:
            raise BadIssuer(f"An issuer speaks for some of {', '.join(sorted(CALLERS))}.")
        if not self.url or not self.types or self.lifetime <= 0:
            raise BadIssuer("An issuer has a url, a type of token, and a bound on how long one is valid.")

    def speaks_for(self, provider: str) -> bool:
        """Whether the issuer may say that somebody acts for this provider."""
        return not self.organizations.isdisjoint({EVERY, provider})

    def may_name(self, hsa_id: str) -> bool:
        """Whether the issuer may name this unit, commission or person: one whose HSA-id begins as its organizations' do. So one
        municipality's issuer cannot claim another's unit under its own provider.
        """
        return EVERY in self.organizations or _stem(hsa_id) in {_stem(own) for own in self.organizations}


def _stem(hsa_id: str) -> str:
    """The part of an HSA-id that tells the organization that gave it: `SE2321000016-` of SE2321000016-1003."""
    stem, dash, _ = hsa_id.partition("-")
    return stem + dash
