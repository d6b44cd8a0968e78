"""Page tokens: whole, or refused."""

from base64 import urlsafe_b64decode

import pytest

from fhir_server.fhir.outcome import BadParameter
from fhir_server.storage.page import seal, unseal

SECRET = b"a secret of thirty-two bytes, say"


@pytest.mark.parametrize(
    "position", [("a",), (None, "a"), (-(2**62), "å", None, 0, ""), (0.1, -1.7976931348623157e308, 100.0), ()]
)
def test_a_position_comes_back_as_it_was_sealed(position):
    assert position == unseal(SECRET, "CarePlan?", seal(SECRET, "CarePlan?", position))


def test_a_token_stands_in_a_url_as_it_is():
    token = seal(SECRET, "CarePlan?", tuple(range(500)))

    assert set() == set(token) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_nobody_reads_a_position_in_its_token():
    query = "Patient?_sort=birthdate"
    one, other = (seal(SECRET, query, ("1912-12-12", id)) for id in ("a", "b"))

    plain = [urlsafe_b64decode(token + "==") for token in (one, other)]

    assert all(b"1912" not in text for text in plain)
    assert plain[0][16:-3] != plain[1][16:-3]  # the same date, hidden another way


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-2],
        lambda token: token + "AA",
        lambda token: token + "=",
        lambda token: token[:9] + "." + token[9:],
        lambda token: ("B" if token[0] == "A" else "A") + token[1:],
        lambda token: token[:30] + ("B" if token[30] == "A" else "A") + token[31:],
        lambda _: "",
        lambda _: "å",
        lambda _: "A",
        lambda _: "not a token",
    ],
)
def test_a_token_that_was_not_given_out_is_refused(change):
    token = seal(SECRET, "CarePlan?", ("active", "0190-aaaa-bbbb"))
    assert ("active", "0190-aaaa-bbbb") == unseal(SECRET, "CarePlan?", token)

    with pytest.raises(BadParameter) as refusal:
        unseal(SECRET, "CarePlan?", change(token))
    assert "page-token" == refusal.value.issues[0].key


def test_a_token_has_one_spelling():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = seal(SECRET, "CarePlan?", ("active", "0190-aaaa-bbbb"))
    assert len(token) % 4, "bits of the last letter are idle"

    for letter in letters.replace(token[-1], ""):
        with pytest.raises(BadParameter):
            unseal(SECRET, "CarePlan?", token[:-1] + letter)


def test_a_token_is_for_its_own_query_and_server_alone():
    token = seal(SECRET, "CarePlan?subject=1", ("a",))

    for secret, query in ((SECRET, "CarePlan?subject=2"), (b"another", "CarePlan?subject=1")):
        with pytest.raises(BadParameter):
            unseal(secret, query, token)
