"""A system that signs with joserfc, as its users do it, gets a token of the demo and searches with it."""

import time
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.apps.conftest import SYSTEM
from tests.tokens import ec_key, rsa_key

pytestmark = pytest.mark.slow

ALGORITHMS = ["RS384", "ES384"]
IDS = {"RS384": "by-rsa", "ES384": "by-ec"}
KINDS = {"RS384": RSAKey, "ES384": ECKey}
OWN = {"RS384": rsa_key, "ES384": lambda: ec_key("P-384")}
ANOTHERS = {"RS384": lambda: rsa_key(name="another's"), "ES384": lambda: ec_key("P-384", name="another's")}


def asked(configuration, algorithm, key):
    """What the token endpoint answers a system that signs with a key."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    id, address = IDS[algorithm], configuration["token_endpoint"]
    claims = {"iss": id, "sub": id, "aud": address, "exp": int(time.time()) + 240, "jti": uuid4().hex}
    header = {"alg": algorithm, "typ": "JWT", "kid": id.removeprefix("by-")}
    form = {
        "grant_type": "client_credentials",
        "scope": SYSTEM,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, KINDS[algorithm].import_key(pem), algorithms=[algorithm]),
    }
    return httpx.post(address, data=form)


@pytest.fixture(scope="module")
def configuration(demo):
    return httpx.get(f"{demo.base}/.well-known/smart-configuration").json()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_system_signs_and_searches_what_its_scope_permits(demo, configuration, algorithm):
    assert algorithm in configuration["token_endpoint_auth_signing_alg_values_supported"]
    told = asked(configuration, algorithm, OWN[algorithm]()).json()
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    plans = httpx.get(f"{demo.base}/CarePlan", params={"category": "SIP"}, headers=headers)
    tasks = httpx.get(f"{demo.base}/Task", headers=headers)

    assert (SYSTEM, True) == (told["scope"], told["expires_in"] <= 300)
    assert (200, 403) == (plans.status_code, tasks.status_code)
    assert "sip-hemma" in {entry["resource"]["id"] for entry in plans.json()["entry"]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_system_that_signs_with_anothers_key_gets_nothing(configuration, algorithm):
    answer = asked(configuration, algorithm, ANOTHERS[algorithm]())

    assert (401, "invalid_client") == (answer.status_code, answer.json()["error"])
    assert 200 == asked(configuration, algorithm, OWN[algorithm]()).status_code
