"""What each of Inferno's SMART tests demands of a walk, by the number that it has in a standalone launch (1.2 to 1.5).

https://github.com/inferno-framework/smart-app-launch-test-kit
"""

from collections.abc import Callable

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.access.authorize.walks import Walk
from tests.authorizing import AUTH, ORIGIN, claims_of, header_of

REQUIRED = {
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
}


def comes_back_with_the_state(walk: Walk) -> None:
    assert {"code", "state"} == walk.back.keys()
    assert "a state" == walk.back["state"]


def brings_a_code_and_no_error(walk: Walk) -> None:
    assert walk.back["code"]
    assert "error" not in walk.back


def gives_a_token_for_the_code(walk: Walk) -> None:
    assert 200 == walk.token.status_code
    assert walk.token.headers["content-type"].startswith("application/json")
    assert (400, "invalid_grant") == (walk.wrong.status_code, walk.wrong.json()["error"])


def tells_all_that_was_granted_and_no_more(walk: Walk) -> None:
    _is_a_token_response(walk.token)
    assert set(walk.scope.split()) == set(walk.told["scope"].split())
    assert "p1" == walk.told["patient"]


def is_kept_by_nobody(walk: Walk) -> None:
    for answer in (walk.token, walk.wrong):
        _is_not_kept(answer)


def is_shared_with_the_apps_own_scripts(walk: Walk) -> None:
    assert ORIGIN == walk.token.headers["access-control-allow-origin"]
    assert "access-control-allow-origin" not in walk.elsewhere.headers


def says_who_signed_in(walk: Walk) -> None:
    assert {"iss", "sub", "aud", "exp", "iat", "fhirUser"} <= claims_of(walk.told["id_token"]).keys()


def says_where_all_is(walk: Walk) -> None:
    assert (200, AUTH) == (walk.configuration.status_code, walk.configuration.json()["issuer"])
    assert walk.configuration.headers["content-type"].startswith("application/json")


def has_all_that_openid_requires(walk: Walk) -> None:
    told = walk.configuration.json()
    assert told.keys() >= REQUIRED
    assert "RS256" in told["id_token_signing_alg_values_supported"]


def shows_its_keys(walk: Walk) -> None:
    assert {"RSA"} == {key["kty"] for key in walk.keys.json()["keys"]}


def names_the_key_that_signed(walk: Walk) -> None:
    header = header_of(walk.told["id_token"])
    assert "RS256" == header["alg"]
    assert header["kid"] in {key["kid"] for key in walk.keys.json()["keys"]}


def is_signed_and_for_the_app(walk: Walk) -> None:
    claims = jwt.decode(walk.told["id_token"], KeySet.import_key_set(walk.keys.json()), algorithms=["RS256"]).claims
    assert (AUTH, "portal") == (claims["iss"], claims["aud"])
    assert claims["iat"] < claims["exp"]
    assert 0 < len(claims["sub"]) < 256


def lets_the_app_read_who_signed_in(walk: Walk) -> None:
    type, id = claims_of(walk.told["id_token"])["fhirUser"].split("/")[-2:]
    found = walk.user.json()
    assert (200, type, id) == (walk.user.status_code, found["resourceType"], found["id"])
    assert 401 == walk.nobody.status_code


def lets_the_apps_scripts_read_who_signed_in(walk: Walk) -> None:
    for answer in (walk.user, walk.nobody):
        assert ORIGIN == answer.headers["access-control-allow-origin"]


def refreshes_without_a_scope(walk: Walk) -> None:
    assert 200 == walk.refreshed.status_code
    assert set(walk.told["scope"].split()) == set(walk.refreshed.json()["scope"].split())


def tells_all_in_a_refresh(walk: Walk) -> None:
    _is_a_token_response(walk.refreshed)
    assert walk.told["patient"] == walk.refreshed.json()["patient"]
    assert walk.told["access_token"] != walk.refreshed.json()["access_token"]


def keeps_no_refresh(walk: Walk) -> None:
    _is_not_kept(walk.refreshed)


def refreshes_with_a_scope(walk: Walk) -> None:
    assert 200 == walk.narrowed.status_code
    assert set(walk.narrower.split()) == set(walk.narrowed.json()["scope"].split())


def tells_all_in_a_narrowed_refresh(walk: Walk) -> None:
    _is_a_token_response(walk.narrowed)
    assert (400, "invalid_scope") == (walk.grown.status_code, walk.grown.json()["error"])


def keeps_no_narrowed_refresh(walk: Walk) -> None:
    for answer in (walk.narrowed, walk.grown):
        _is_not_kept(answer)


def _is_a_token_response(answer: httpx.Response) -> None:
    told = answer.json()
    assert {"access_token", "token_type", "expires_in", "scope"} <= told.keys()
    assert "bearer" == told["token_type"].lower()
    assert isinstance(told["expires_in"], int)
    assert 0 < told["expires_in"] <= 3600


def _is_not_kept(answer: httpx.Response) -> None:
    assert ("no-store", "no-cache") == (answer.headers["cache-control"], answer.headers["pragma"])


Bar = Callable[[Walk], None]
LAUNCH: dict[str, Bar] = {
    "02": comes_back_with_the_state,
    "03": brings_a_code_and_no_error,
    "05": gives_a_token_for_the_code,
    "06": tells_all_that_was_granted_and_no_more,
    "07": is_kept_by_nobody,
    "08": is_shared_with_the_apps_own_scripts,
}
LOGIN: dict[str, Bar] = {
    "01": says_who_signed_in,
    "02": says_where_all_is,
    "03": has_all_that_openid_requires,
    "04": shows_its_keys,
    "05": names_the_key_that_signed,
    "06": is_signed_and_for_the_app,
    "07": lets_the_app_read_who_signed_in,
    "08": lets_the_apps_scripts_read_who_signed_in,
}
REFRESH: dict[str, Bar] = {"01": refreshes_without_a_scope, "02": tells_all_in_a_refresh, "03": keeps_no_refresh}
NARROWED: dict[str, Bar] = {
    "01": refreshes_with_a_scope,
    "02": tells_all_in_a_narrowed_refresh,
    "03": keeps_no_narrowed_refresh,
}
GROUPS = {"2": LAUNCH, "3": LOGIN, "4": REFRESH, "5": NARROWED}


def numbered(suite: str, shift: int = 0) -> dict[str, Bar]:
    """The bars of a suite by their numbers; in the launch from an EHR those of its second group begin later."""
    return {
        f"{suite}.{group}.{int(number) + (shift if group == '2' else 0):02}": bar
        for group, bars in GROUPS.items()
        for number, bar in bars.items()
    }
