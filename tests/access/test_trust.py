"""Whom the server trusts: issuers as they are registered, key sets kept past a restart, tokens that were revoked."""

import httpx
import msgspec
import pytest

from fhir_server.access.issuers import KIND, RegisteredIssuer
from fhir_server.access.trust import Trust
from fhir_server.assembly.outside import clock
from fhir_server.fhir.outcome import Unauthorized
from tests.access.house import BASE
from tests.tokens import ISSUER, a_token, answer, jwk, jwks, rsa_key

pytestmark = pytest.mark.anyio


def registered(**members) -> str:
    told = {
        "url": ISSUER,
        "mapping": "own",
        "algorithms": ("RS256",),
        "kinds": ("staff",),
        "organizations": ("*",),
        **members,
    }
    return msgspec.json.encode(RegisteredIssuer(**told)).decode()


def a_bearer() -> str:
    now = clock() // 1000
    return a_token(aud=BASE, iat=now - 5, exp=now + 300)


async def test_an_issuer_is_trusted_once_it_is_registered(assembly):
    async with httpx.AsyncClient() as client:
        trust = Trust(assembly.server.store, client, clock)
        await trust.refresh()
        with pytest.raises(Unauthorized):
            await trust.verifier(BASE).verify(a_bearer())

        keys = {"keys": [jwk(rsa_key())]}
        await assembly.server.store.keep(KIND, ISSUER, registered(jwks=keys), until=0)
        assert not await trust.refresh()
        assert ISSUER == (await trust.verifier(BASE).verify(a_bearer())).issuer.url


async def test_a_revoked_token_is_refused_at_once_and_its_neighbour_is_not(assembly):
    async with httpx.AsyncClient() as client:
        trust = Trust(assembly.server.store, client, clock)
        keys = {"keys": [jwk(rsa_key())]}
        await assembly.server.store.keep(KIND, ISSUER, registered(jwks=keys), until=0)
        await trust.refresh()
        verifier, now = trust.verifier(BASE), clock() // 1000
        first, second = (a_token(aud=BASE, iat=now - 5, exp=now + 300, jti=jti) for jti in ("one", "two"))
        await verifier.verify(first)

        await trust.revoked.revoke(ISSUER, "one", clock() + 300_000)
        with pytest.raises(Unauthorized):
            await verifier.verify(first)
        assert "two" == (await verifier.verify(second)).id


async def test_keys_that_were_fetched_are_there_after_a_restart_while_the_issuer_is_away(assembly):
    asked = []

    def away(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if len(asked) > 1:
            raise httpx.ConnectError("away")
        return answer(jwks(jwk(rsa_key())))

    await assembly.server.store.keep(KIND, ISSUER, registered(jwks_url="https://idp.example/jwks"), until=0)
    async with httpx.AsyncClient(transport=httpx.MockTransport(away)) as client:
        for _ in range(2):
            trust = Trust(assembly.server.store, client, clock)
            await trust.refresh()
            assert ISSUER == (await trust.verifier(BASE).verify(a_bearer())).issuer.url
    assert 2 == len(asked)
