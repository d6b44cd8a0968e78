"""A search of one patient's twenty plans among many, in reads."""

import os
from collections.abc import Iterator

from tests.benchmarks.databases import served
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.load import rate, request

SIZES = (1_000, 10_000)
OF_ONE = 20
CLIENTS = 8


def search() -> Iterator[Figure]:
    for size in sorted({*SIZES, int(os.environ.get("SIZE", SIZES[-1]))}):
        yield _among(size)


def _among(plans: int) -> Figure:
    patients = plans // OF_ONE
    reads = [request("GET", f"/fhir/CarePlan/plan-{number}") for number in range(1000)]
    searches = [
        request("GET", f"/fhir/CarePlan?patient=Patient/p{number}&_count={OF_ONE}") for number in range(patients)
    ]
    with served(plans, patients) as ours:
        both = in_turn(lambda: rate(ours.port, reads, CLIENTS), lambda: rate(ours.port, searches, CLIENTS))
    return Figure(
        f"search, one patient's {OF_ONE} of {plans:,} plans: times a read",
        both.ratio,
        2.5,
        at_most=True,
        behind=f"{shown(both.second)} searches/s, {shown(both.first)} reads/s",
    )
