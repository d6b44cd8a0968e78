"""A transaction of fifty, and what is left for the reads beside it."""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.codec import encode
from tests.benchmarks.databases import served
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.load import Load, rate, rates, request
from tests.benchmarks.plans import plan
from tests.builders import a_bundle, a_patient, an_entry

ENTRIES = 50
BUNDLES = 40
PLANS = 1000
READERS = 32
PERSON = "urn:uuid:5f9e1d2c-8a37-4b61-9c04-d2e6f1a7b390"


def bundle() -> Iterator[Figure]:
    bundles = [request("POST", "/fhir", encode(a_bundle_of_plans(number))) for number in range(BUNDLES)]
    reads = [request("GET", f"/fhir/CarePlan/plan-{number}") for number in range(PLANS)]
    with served(PLANS, patients=PLANS) as ours:
        alone = in_turn(
            lambda: rate(ours.port, bundles, clients=1, seconds=2), lambda: rate(ours.port, reads, READERS), rounds=3
        )
        _, beside = rates(ours.port, 4, Load(bundles, 1), Load(reads, READERS))
    yield Figure(f"transaction of {ENTRIES}, one client: resources a second", alone.first * ENTRIES, 1000)
    yield Figure(
        f"reads, {READERS} clients, beside such a client: of their rate alone",
        beside / alone.second,
        0.10,
        behind=f"{shown(beside)} of {shown(alone.second)} reads/s",
    )


def a_bundle_of_plans(number: int) -> dict[str, Any]:
    """A person, and plans that refer to that entry."""
    plans = [plan(number * ENTRIES + place) for place in range(ENTRIES - 1)]
    entries = [an_entry("POST", "CarePlan", {**one, "subject": {"reference": PERSON}}) for one in plans]
    return a_bundle(an_entry("POST", "Patient", a_patient(), full_url=PERSON), *entries)
