"""The demo in a process of its own, an app and two systems that are registered with it, and a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.apps.page import LEFT_OUT, App, script, serving_app
from tests.registered import a_portal, a_system
from tests.servers import Running, run_here, serving
from tests.tokens import ec_key, jwk, rsa_key

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SYSTEM = "system/CarePlan.rs"


def an_app(origin: str) -> dict[str, Any]:
    context = "launch launch/patient openid fhirUser"
    return a_portal(
        id="sip-viewer",
        name="Min plan",
        scopes=[f"{context} patient/*.rs"],
        grants=["authorization_code"],
        redirect_uris=[f"{origin}/index.html"],
        origins=[origin],
        launch_uri=f"{origin}/launch.html",
    )


def systems() -> list[dict[str, Any]]:
    """One that signs by RSA, and one by an elliptic curve."""
    keys = {"by-rsa": jwk(rsa_key(), "rsa"), "by-ec": jwk(ec_key("P-384"), "ec")}
    return [a_system(id=id, scopes=[SYSTEM], roles=[], jwks={"keys": [key]}) for id, key in keys.items()]


@pytest.fixture(scope="session")
def app() -> Iterator[App]:
    with serving_app() as one:
        yield one


@pytest.fixture(scope="session")
def library(app: App, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The app has the library that it is made with."""
    cache = getattr(pytestconfig, "cache", None)
    app.add_script(script(cache.mkdir("fhirclient") if cache else tmp_path_factory.mktemp("fhirclient")))


@pytest.fixture(scope="session")
def demo(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo on a database in which the clients are registered already: a file of SQLite belongs to one process."""
    folder = tmp_path_factory.mktemp("demo")
    database = f"sqlite:///{folder}/demo.db"
    for members in (an_app(app.origin), *systems()):
        file = folder / f"{members['id']}.json"
        file.write_bytes(msgspec.json.encode(members))
        done = run_here("client", "add", str(file), "--database", database)
        assert 0 == done.returncode, done.stderr
    with serving("demo", "--database", database) as running:
        yield running


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A page of Debian's Chromium, with a profile that nobody has used."""
    if not CHROMIUM.exists():
        pytest.skip(f"{LEFT_OUT}: {CHROMIUM} is not on this machine, so no SMART app signed in")
    playwright = pytest.importorskip("playwright.sync_api", reason=f"{LEFT_OUT}: playwright is not installed")
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    with playwright.sync_playwright() as driver:
        options = {"executable_path": CHROMIUM, "args": ARGUMENTS, "env": home, "locale": "en-GB"}
        context = driver.chromium.launch_persistent_context(tmp_path / "profile", **options)
        try:
            yield context.pages[0]
        finally:
            context.close()
