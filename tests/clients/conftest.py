"""A server in a process of its own, on each store, and the clients that speak to it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from fhirclient.client import FHIRClient
from fhirpy import AsyncFHIRClient, SyncFHIRClient

from tests.databases import KINDS, empty_database
from tests.servers import serving


@pytest.fixture(scope="module", params=KINDS)
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    """The FHIR base of a server that the tests of one module share."""
    arguments = ("serve", "--access", "open", "--database", empty_database(request.param))
    with serving(*arguments, FHIR_SERVER_SECRET="a secret of the tests") as server:
        yield server.base


@pytest.fixture
def number() -> str:
    """An identifier that no other test has: they share a server."""
    return uuid4().hex


@pytest.fixture(params=[AsyncFHIRClient, SyncFHIRClient])
def connect(request: pytest.FixtureRequest, base: str) -> Callable[..., Any]:
    """Makes a fhirpy client, asynchronous or synchronous, that sends these headers with all that it asks."""
    return lambda headers=None, **options: request.param(base, extra_headers=headers, **options)


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    """A fhirpy client; what it is asked is awaited by `answered`."""
    return connect()


@pytest.fixture
def smart(base: str) -> Iterator[FHIRClient]:
    """A client of the library fhirclient."""
    client = FHIRClient({"app_id": "tests", "api_base": base})
    with client.server.session:
        yield client


@pytest.fixture
def server(smart: FHIRClient) -> Any:
    """What fhirclient's models are given to be read and written by."""
    return smart.server
