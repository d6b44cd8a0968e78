"""Which keys of a set are used, and for what."""

import json

import pytest

from fhir_server.access.keys import KINDS, LONGEST_ID, MOST_BYTES, MOST_KEYS, BadKeys, InlineKeys, read_keys
from tests.tokens import b64, ec_key, jwk, jwks, number, rsa_key

SOUND = jwk(rsa_key(), "sound")
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": b64(b"x" * 32), "kid": "other"}
ML_DSA = {"kty": "AKP", "alg": "ML-DSA-44", "pub": b64(b"x" * 1312), "kid": "other"}
SECRET = {"kty": "oct", "k": b64(b"s" * 32), "kid": "other"}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (rsa_key(), "RSA"),
        (rsa_key(4096), "RSA"),
        (ec_key(), "P-256"),
        (ec_key("P-384"), "P-384"),
        (ec_key("P-521"), "P-521"),
    ],
)
def test_a_key_of_a_kind_that_is_taken_is_found_by_its_id(key, kind):
    found = read_keys(jwks(jwk(key, "k1", use="sig")))

    assert {"k1": kind} == {id: one.kind for id, one in found.items()}


@pytest.mark.parametrize(
    "other",
    [
        ED25519,
        ML_DSA,
        SECRET,
        jwk(ec_key("secp256k1"), "other"),
        jwk(rsa_key(), "other", use="enc"),
        jwk(rsa_key(), "other", use=["sig"]),
        jwk(rsa_key(), "other", key_ops=["encrypt"]),
        jwk(rsa_key(), "other", key_ops="verify"),
        jwk(rsa_key(), "other", alg=["RS256"]),
        jwk(rsa_key(), "other", alg=None),
        jwk(rsa_key(), None),
        jwk(rsa_key(), ""),
        jwk(rsa_key(), "x" * (LONGEST_ID + 1)),
        {**jwk(rsa_key()), "kid": 1},
        {**jwk(rsa_key()), "kid": {"$ne": ""}},
        jwk(rsa_key(1024), "other"),
        {**jwk(rsa_key(), "other"), "n": number(2**2046 + 1)},
        {**jwk(rsa_key(), "other"), "n": number(2**8192 + 1)},
        {**jwk(rsa_key(), "other"), "e": number(2**32 + 1)},
        {**jwk(rsa_key(), "other"), "e": number(1)},
        {**jwk(rsa_key(), "other"), "e": number(2)},
        {**jwk(rsa_key(), "other"), "n": ""},
        {**jwk(rsa_key(), "other"), "n": 5},
        {**jwk(rsa_key(), "other"), "n": "!!"},
        {**jwk(rsa_key(), "other"), "n": "\u00e5" * 400},
        {"kty": "RSA", "kid": "other"},
        {**jwk(ec_key(), "other"), "crv": "P-384"},
        {**jwk(ec_key(), "other"), "crv": "P-999"},
        {**jwk(ec_key(), "other"), "y": number(1, 32)},
        {**jwk(ec_key(), "other"), "x": None},
        {**jwk(ec_key(), "other"), "kty": "RSA"},
        {"kty": ["RSA"], "kid": "other"},
        {"kty": None},
        {},
        [],
        None,
        "key",
        7,
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_key_that_cannot_be_used_does_not_take_the_others_with_it(other, first):
    rows = [other, SOUND] if first else [SOUND, other]

    assert ["sound"] == list(read_keys(jwks(*rows)))


def test_two_keys_of_one_id_are_neither_of_them_used():
    twins = [jwk(rsa_key(), "twin"), jwk(rsa_key(name="other"), "twin")]

    assert ["sound"] == list(read_keys(jwks(*twins, SOUND)))
    assert ["sound", "twin"] == sorted(read_keys(jwks(twins[0], SOUND)))
    assert ["other", "sound"] == sorted(read_keys(jwks(SECRET, jwk(rsa_key(), "other"), SOUND)))


def test_a_private_key_that_slipped_into_a_set_is_held_as_a_public_one():
    private = rsa_key().private_numbers()
    slipped = {"d": number(private.d), "p": number(private.p), "q": number(private.q), **jwk(rsa_key(), "k1")}

    key = read_keys(jwks(slipped))["k1"]
    assert not key.public.is_private
    assert number(private.d) not in repr(key)


@pytest.mark.parametrize("alg", sorted(KINDS))
def test_a_key_signs_by_the_algorithms_of_its_kind(alg):
    for key in (rsa_key(), ec_key("P-256"), ec_key("P-384"), ec_key("P-521")):
        found = read_keys(jwks(jwk(key, "free"), jwk(key, "bound", alg=alg), jwk(key, "otherwise", alg="RSA-OAEP")))
        fits = KINDS[alg] == found["free"].kind
        assert (fits, fits, False) == tuple(found[id].signs_by(alg) for id in ("free", "bound", "otherwise"))


def test_no_algorithm_is_symmetric_and_none_is_none():
    assert {"RS", "PS", "ES"} == {alg[:2] for alg in KINDS}
    assert not read_keys(jwks(SOUND))["sound"].signs_by("none")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": null}',
        b'{"keys": [], "keys": []}',
        b'{"keys": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"\xff",
        b'{"keys": ["\xff"]}',
        jwks(*[SOUND] * (MOST_KEYS + 1)),
        jwks(SOUND) + b" " * MOST_BYTES,
    ],
    ids=lambda text: str(text)[:30],
)
def test_what_is_no_key_set_is_refused(text):
    with pytest.raises(BadKeys):
        read_keys(text)


def test_the_largest_key_set_is_taken():
    rows = [jwk(rsa_key(), f"k{place}") for place in range(MOST_KEYS)]
    text = json.dumps({"keys": rows}).encode()

    assert MOST_KEYS == len(read_keys(text + b" " * (MOST_BYTES - len(text))))


@pytest.mark.anyio
async def test_the_keys_that_are_known_beforehand_are_found_by_their_ids():
    keys = InlineKeys(jwks(SOUND))

    assert ("sound", None) == ((await keys.find("sound")).id, await keys.find("other"))
