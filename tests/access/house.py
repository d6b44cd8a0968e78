"""A server that asks for tokens, and tokens that it accepts: those of an issuer that is registered as any other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from fhir_server.access.issuers import KIND, RegisteredIssuer
from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.assembly.outside import clock
from fhir_server.settings import Settings
from tests.tokens import ISSUER, a_token, jwk, rsa_key
from tests.witness import witnessed

LIFETIME = 300
BASE = "http://127.0.0.1:8080/fhir"


def an_issuer() -> RegisteredIssuer:
    """One that may speak for everybody."""
    return RegisteredIssuer(
        url=ISSUER,
        mapping="own",
        algorithms=("RS256",),
        kinds=("citizen", "staff", "system"),
        organizations=("*",),
        jwks={"keys": [jwk(rsa_key())]},
    )


@asynccontextmanager
async def smart(settings: Settings) -> AsyncIterator[Assembly]:
    """The house, and in it an issuer that may speak for everybody."""
    async with assembled(settings.model_copy(update={"access": "smart"})) as house:
        assert await claim_index(house)
        assert house.trust is not None
        await house.server.store.keep(KIND, ISSUER, msgspec.json.encode(an_issuer()).decode(), until=0)
        assert not await house.trust.refresh()
        async with witnessed(house) as seen:
            yield seen


def a_bearer(base: str, number: int = 0, **claims: Any) -> dict[str, str]:
    """The header of a call by somebody, with a token of now; None leaves a claim out."""
    now = clock() // 1000
    told = {"aud": base, "iat": now - 10, "exp": now + LIFETIME, "jti": f"t{number}-{sorted(claims.items())}"[:200]}
    return {"Authorization": f"Bearer {a_token(**told, **claims)}"}
