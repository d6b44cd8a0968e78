"""The walks that Inferno's SMART tests take, each from the app's first address to a refreshed token: what was answered at each
step is kept, and judged by `bars.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.access.authorize.starting import launch_token
from tests.authorizing import CITIZEN, NURSE, ORIGIN, Browser, claims_of, sent_back

OPENID = "/.well-known/openid-configuration"
LOGIN = "openid fhirUser offline_access"
EVIL = "https://evil.example"


@dataclass(frozen=True, slots=True)
class Walk:
    """What an app that asked for `scope`, and later for less (`narrower`), was answered: sent `back` with a code, a `token` for it (`wrong` without its verifier,
    `elsewhere` to a script of another origin), the issuer's `configuration` and `keys`, who signed in (`user`, by the very
    token; `nobody` by none), and the tokens `refreshed`, `narrowed`, and `grown` to more than there was.
    """

    scope: str
    narrower: str
    back: Mapping[str, str]
    token: httpx.Response
    wrong: httpx.Response
    elsewhere: httpx.Response
    configuration: httpx.Response
    keys: httpx.Response
    user: httpx.Response
    nobody: httpx.Response
    refreshed: httpx.Response
    narrowed: httpx.Response
    grown: httpx.Response

    @property
    def told(self) -> dict[str, Any]:
        """The token response."""
        found: dict[str, Any] = self.token.json()
        return found


async def walk(browser: Browser, person: str, scope: str, narrower: str, **asked: Any) -> Walk:
    """The whole way, for scopes and fewer of them."""
    shared, wrong = {"origin": ORIGIN}, "w" * 43
    back = sent_back(await browser.approve(person, scope=scope, **asked))
    token = await browser.exchange(back["code"], headers=shared)
    told = token.json()
    issuer = claims_of(told["id_token"])["iss"]
    configuration = await browser.client.get(f"{issuer}{OPENID}", headers=shared)
    user = claims_of(told["id_token"])["fhirUser"]
    bearer = {"authorization": f"Bearer {told['access_token']}"}
    refreshed = await browser.refresh(told["refresh_token"], headers=shared)
    narrowed = await browser.refresh(refreshed.json()["refresh_token"], headers=shared, scope=narrower)
    return Walk(
        scope,
        narrower,
        back,
        token,
        await browser.exchange("no code", headers=shared, code_verifier=wrong),
        await browser.exchange("no code", headers={"origin": EVIL}),
        configuration,
        await browser.client.get(configuration.json()["jwks_uri"]),
        await browser.client.get(user, headers=bearer | shared),
        await browser.client.get(user, headers=shared),
        refreshed,
        narrowed,
        await browser.refresh(narrowed.json()["refresh_token"], headers=shared, scope=f"{scope} patient/*.c"),
    )


async def standalone(browser: Browser) -> Walk:
    """A citizen starts the app."""
    return await walk(browser, CITIZEN, f"launch/patient {LOGIN} patient/*.rs", "openid patient/CarePlan.rs")


async def from_ehr(browser: Browser) -> Walk:
    """An EHR starts it, for a nurse and the patient that she has open."""
    token = await launch_token(browser, NURSE)
    return await walk(browser, NURSE, f"launch {LOGIN} patient/*.rs", "openid patient/CarePlan.rs", launch=token)


async def first_version(browser: Browser) -> Walk:
    """As the first version of SMART had it: scopes of read and write."""
    return await walk(browser, CITIZEN, f"launch/patient {LOGIN} patient/*.read", "openid patient/CarePlan.read")
