"""The server's own key."""

import json

import pytest

from fhir_server.access.authorize.signing import Signer, kept_signer, make_key
from fhir_server.access.keys import read_keys
from tests.authorizing import claims_of, header_of
from tests.storage.contract import STORES, Clock

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", STORES)
async def test_who_comes_second_signs_with_the_key_of_who_came_first(kind, tmp_path):
    async with STORES[kind](tmp_path, Clock()) as store:
        first, second = await kept_signer(store), await kept_signer(store)

    assert first.jwks == second.jwks


def test_its_public_half_is_a_key_that_tokens_are_checked_by():
    signer = Signer(make_key())
    (id, key), *more = read_keys(signer.jwks).items()
    token = signer.sign("at+jwt", {"iss": "x"})

    assert [] == more
    assert {"alg": "RS256", "kid": id, "typ": "at+jwt"} == header_of(token)
    assert {"iss": "x"} == claims_of(token)
    assert key.signs_by("RS256")
    assert not key.signs_by("RS384")
    assert not {"d", "p", "q"} & json.loads(signer.jwks)["keys"][0].keys()
