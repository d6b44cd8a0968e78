"""Which tokens are believed: who signed them, by which key. Each that is refused stands beside one that is accepted, and differs
from it in one thing.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from fhir_server.access.fetch import FetchedKeys, Shelter
from fhir_server.access.keys import KINDS, InlineKeys
from fhir_server.fhir.outcome import Unauthorized
from tests.tokens import (
    ISSUER,
    NOW,
    Clock,
    a_token,
    a_verifier,
    accepted,
    an_issuer,
    answer,
    b64,
    ec_key,
    jwk,
    jwks,
    reason,
    rsa_key,
    the_claims,
)

pytestmark = pytest.mark.anyio


async def test_a_sound_token_tells_its_claims():
    claims = await a_verifier().verify(a_token())

    assert (ISSUER, "token-1", "nurse-1", (NOW + 300) * 1000) == (
        claims.issuer.url,
        claims.id,
        claims.subject,
        claims.expires,
    )
    assert the_claims() == claims.values


@pytest.mark.parametrize("alg", sorted(KINDS))
async def test_every_algorithm_that_an_issuer_may_have_is_verified(alg):
    key = rsa_key() if KINDS[alg] == "RSA" else ec_key(KINDS[alg])
    issuer = an_issuer(keys=InlineKeys(jwks(jwk(key))), algorithms=frozenset({alg}))

    assert await accepted(a_verifier(issuer), a_token(key=key, alg=alg))
    assert "algorithm" == await reason(
        a_verifier(an_issuer(algorithms=frozenset(KINDS) - {alg})), a_token(alg=alg, key=key)
    )


async def test_a_01_no_token_is_refused_and_told_how_to_bring_one():
    with pytest.raises(Unauthorized) as refused:
        await a_verifier().verify("")

    assert ("no-token", "Bearer") == (refused.value.issues[0].key, refused.value.headers["WWW-Authenticate"])
    assert await accepted(a_verifier(), a_token())


async def test_what_is_told_of_a_refusal_says_less_than_what_is_noted():
    with pytest.raises(Unauthorized) as refused:
        await a_verifier().verify(a_token(key=rsa_key(name="other")))

    assert ("token-invalid", "signature") == (refused.value.issues[0].key, refused.value.reason)
    assert 'Bearer error="invalid_token"' == refused.value.headers["WWW-Authenticate"]


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256 ", "rs256"])
@pytest.mark.parametrize("kept", [True, False], ids=["with-a-signature", "unsigned"])
async def test_a_02_alg_none_is_refused(alg, kept):
    header, claims, seal = a_token(header={"alg": alg}).split(".")

    for text in (f"{header}.{claims}.{seal if kept else ''}", f"{header}.{claims}.{seal if kept else 'AA'}"):
        assert await reason(a_verifier(), text) in {"algorithm", "form"}
    assert await accepted(a_verifier(), a_token(header={"alg": "RS256"}))


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, rsa_key().public_key(), 1, start, start + timedelta(days=999))
    return made.sign(rsa_key(), SHA256()).public_bytes(Encoding.DER)


def public_forms() -> dict[str, bytes]:
    """The issuer's public key, as somebody could take it for a secret."""
    public = rsa_key().public_key()
    told = jwk(rsa_key())
    return {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "pem-stripped": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        "pkcs1-pem": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "pkcs1-der": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "openssh": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "jwk-json": json.dumps(told).encode(),
        "jwk-json-compact": json.dumps(told, separators=(",", ":")).encode(),
        "n": told["n"].encode(),
        "x5c": b64encode(certificate()),
        "certificate": certificate(),
        "empty": b"",
    }


@pytest.mark.parametrize("form", sorted(public_forms()))
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_a_03_a_public_key_is_no_secret(form, alg):
    assert "algorithm" == await reason(a_verifier(), a_token(key=public_forms()[form], alg=alg))
    assert await accepted(a_verifier(), a_token(alg="RS256"))


async def test_a_03_a_secret_in_a_key_set_verifies_nothing():
    secret = {"kty": "oct", "k": b64(b"s" * 32), "kid": "k1"}
    keys = InlineKeys(jwks(secret, jwk(rsa_key(), "k2")))

    assert "algorithm" == await reason(a_verifier(an_issuer(keys=keys)), a_token(key=b"s" * 32, alg="HS256"))
    assert "key" == await reason(a_verifier(an_issuer(keys=keys)), a_token())
    assert await accepted(a_verifier(an_issuer(keys=keys)), a_token(header={"kid": "k2"}))


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """The address of somebody who hands out keys, and the requests that came there."""
    came: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            body = jwks(jwk(rsa_key(name="other")))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()
        thread.join()


async def nothing(*args: object) -> None:
    return None


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(lambda address: {"jwk": jwk(rsa_key(name="other"))}, id="a_04_jwk"),
        pytest.param(lambda address: {"jwk": jwk(rsa_key())}, id="a_04_jwk_that_is_the_issuers_own"),
        pytest.param(lambda address: {"jku": f"{address}/jwks"}, id="a_05_jku"),
        pytest.param(lambda address: {"jku": f"{ISSUER}/jwks"}, id="a_05_jku_that_is_the_issuers_own"),
        pytest.param(lambda address: {"x5u": f"{address}/x5u"}, id="a_05_x5u"),
        pytest.param(lambda address: {"x5c": [b64encode(certificate()).decode()]}, id="a_05_x5c"),
        pytest.param(lambda address: {"kid": f"{address}/jwks"}, id="a_05_kid_that_is_an_address"),
        pytest.param(lambda address: {"jku": f"{address}/jwks", "kid": f"{address}/k"}, id="a_05_jku_and_kid"),
    ],
)
@pytest.mark.parametrize("signer", ["", "other"])
async def test_a_04_a_05_a_key_that_a_token_brings_or_points_at_is_neither_used_nor_fetched(member, signer, receiver):
    address, came = receiver
    asked: list[str] = []

    def issuer_answers(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer(jwks(jwk(rsa_key())))

    async with httpx.AsyncClient(transport=httpx.MockTransport(issuer_answers)) as client:
        keys = FetchedKeys(f"{ISSUER}/jwks", client, Clock(), Shelter(nothing, nothing))
        verifier = a_verifier(an_issuer(keys=keys))
        header = member(address)

        assert await reason(verifier, a_token(header=header, key=rsa_key(name=signer))) in {"header", "key"}
        assert [] == came
        assert ([] if header.keys() != {"kid"} else [f"{ISSUER}/jwks"]) == asked
        assert await accepted(verifier, a_token())
        assert ([], [f"{ISSUER}/jwks"]) == (came, asked)
        async with httpx.AsyncClient(trust_env=False) as other:
            await other.get(f"{address}/counted")
        assert ["/counted"] == came


@pytest.mark.parametrize(
    "kid",
    [
        "../../dev/null",
        "file:///dev/null",
        "' or 1",
        {"$ne": ""},
        {"$gt": ""},
        ["k1"],
        1,
        True,
        "K1",
        "k1 ",
        "k1\x00",
        "",
        "k\u2024",
        "*",
        "0",
        "__proto__",
        "k" * 256,
        "k" * 10_000,
    ],
    ids=lambda kid: str(kid)[:20],
)
async def test_a_06_a_kid_names_a_key_to_the_letter(kid):
    assert await reason(a_verifier(), a_token(header={"kid": kid})) in {"key", "header", "too-long"}
    assert await accepted(a_verifier(), a_token(header={"kid": "k1"}))


async def test_a_06_a_token_without_a_kid_is_refused_even_where_there_is_one_key():
    assert "header" == await reason(a_verifier(), a_token(header={"kid": None}))


@pytest.mark.parametrize(
    ("key", "kind", "alg"),
    [
        (rsa_key(), "RS256", "RS384"),
        (rsa_key(), "RS256", "PS256"),
        (ec_key("P-256"), "ES256", "ES384"),
        (ec_key("P-384"), "ES384", "ES256"),
    ],
)
async def test_a_signature_is_by_the_algorithm_that_the_header_names(key, kind, alg):
    issuer = an_issuer(keys=InlineKeys(jwks(jwk(key))), algorithms=frozenset(KINDS))

    assert await reason(a_verifier(issuer), a_token(header={"alg": kind}, key=key, alg=alg)) == "signature"
    assert await accepted(a_verifier(issuer), a_token(key=key, alg=kind))


async def test_a_key_is_held_to_the_algorithm_that_its_set_says():
    issuer = an_issuer(keys=InlineKeys(jwks(jwk(rsa_key(), alg="RS384"))), algorithms=frozenset({"RS256", "RS384"}))

    assert "algorithm" == await reason(a_verifier(issuer), a_token(alg="RS256"))
    assert await accepted(a_verifier(issuer), a_token(alg="RS384"))


async def test_a_signature_over_other_claims_is_refused():
    header, _, seal = a_token().split(".")
    _, claims, _ = a_token(sub="somebody-else").split(".")

    assert "signature" == await reason(a_verifier(), f"{header}.{claims}.{seal}")


async def test_a_fault_within_is_no_way_in():
    class Broken(InlineKeys):
        async def find(self, id):
            raise OSError("the wire is cut")

    assert "fault" == await reason(a_verifier(an_issuer(keys=Broken(jwks(jwk(rsa_key()))))), a_token())
    assert await accepted(a_verifier(an_issuer(keys=InlineKeys(jwks(jwk(rsa_key()))))), a_token())


@pytest.mark.parametrize(
    ("kid", "why"), [("", "header"), ("k" * 256, "header"), ("k" * 255, "key")], ids=["", "256", "255"]
)
async def test_a_06_a_kid_that_no_key_can_have_is_not_looked_for(kid, why):
    assert why == await reason(a_verifier(), a_token(header={"kid": kid}))
