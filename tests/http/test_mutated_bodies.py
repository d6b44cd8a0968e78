"""Fifteen thousand damaged bodies: each is taken whole or refused in words, and none makes a fault of ours."""

import random

import pytest

from fhir_server.fhir.codec import encode
from tests.validation.mutate import mutate
from tests.validation.seeds import NAMES, seed

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BODIES = 15_000
PROMISED = [name for name in NAMES if name not in {"Bundle", "Parameters"}]


@pytest.fixture
def database():
    return "sqlite:///:memory:"


async def test_no_damaged_body_makes_a_fault(api):
    chance, statuses = random.Random(20260302), {}
    for number in range(BODIES):
        name = chance.choice(PROMISED)
        resource = seed(name)
        for _ in range(1 + number % 3):
            mutate(resource, chance)
        answer = await api.post(name, content=encode(resource), headers={"Content-Type": "application/fhir+json"})
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if answer.status_code == 201:
            assert 200 == (await api.get(answer.headers["location"])).status_code
        else:
            assert "OperationOutcome" == answer.json()["resourceType"]

    assert {201, 400, 422} == set(statuses)
    assert statuses[201] > 100
