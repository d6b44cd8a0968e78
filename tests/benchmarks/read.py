"""A read, audited, over HTTP, of what a bare handler does with the same bytes from the same table."""

from collections.abc import Iterator

from tests.benchmarks.databases import bare, served
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.load import rate, request

PLANS = 1000
BUDGETS = {32: 0.45, 8: 0.30, 1: 0.25}


def read() -> Iterator[Figure]:
    requests = [request("GET", f"/fhir/CarePlan/plan-{number}") for number in range(PLANS)]
    with served(PLANS, patients=PLANS) as ours, bare(ours.file) as theirs:
        for clients, budget in BUDGETS.items():
            both = in_turn(lambda: rate(ours.port, requests, clients), lambda: rate(theirs, requests, clients))  # noqa: B023  # called at once
            yield Figure(
                f"read, audited, {clients} clients: of a bare handler's rate",
                both.ratio,
                budget,
                behind=f"{shown(both.first)} of {shown(both.second)} reads/s",
            )
