"""The secret of a client that is being developed."""

import pytest

from fhir_server.access.secret import hash_secret, is_hash, is_secret

SALT = bytes(range(16))
SECRET = "a secret of the tests, made by nobody"


def test_a_secret_is_known_by_what_is_kept_of_it_and_another_is_not():
    kept = hash_secret(SECRET, SALT)

    assert is_secret(SECRET, kept)
    assert [False, False, False] == [is_secret(other, kept) for other in (SECRET + " ", "", kept)]


def test_what_is_kept_does_not_tell_the_secret_and_differs_by_its_salt():
    kept = hash_secret(SECRET, SALT)

    assert is_hash(kept)
    assert SECRET not in kept
    assert kept != hash_secret(SECRET, SALT[::-1])
    assert is_secret(SECRET, hash_secret(SECRET, SALT[::-1]))


@pytest.mark.parametrize("kept", ["", SECRET, "scrypt$$", "scrypt$AAAA$AAAA", "sha256$x$y"])
def test_what_is_no_hash_knows_no_secret(kept):
    assert not is_hash(kept)
    assert not is_secret(SECRET, kept)


def test_a_hash_with_anything_behind_it_is_none():
    kept = hash_secret(SECRET, SALT)

    assert not is_hash(kept + "\n")
    assert not is_secret(SECRET, kept + "\n")
