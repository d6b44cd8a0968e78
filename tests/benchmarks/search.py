"""Searches by their shape, in reads of the same server at the same time: among a county's resources, and one patient's plans
by eight clients at once.
"""

import os
from collections.abc import Iterator
from random import Random
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import urlsplit

from fhir_server.fhir.codec import decode
from tests.benchmarks.county import County, load
from tests.benchmarks.databases import served, served_once
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.load import Asker, rate, request
from tests.benchmarks.shapes import SHAPES, Shape

SIZES = (1_000, 10_000, 100_000)
OF_ONE = 20
CLIENTS = 8
ASKED = 150
SECONDS = 2.5
"""A shape is asked for so often, or so long."""
DEEP = 20
"""The page that is meant by a deep one."""


def search() -> Iterator[Figure]:
    sizes = sorted({*SIZES, int(os.environ.get("SIZE", SIZES[-1]))})
    for size in sizes:
        yield from _in_a_county(County(size))
    for size in SIZES:
        yield _among(size)


# ------------------------------------------------------------------------------------------------ by shape


def _in_a_county(county: County) -> Iterator[Figure]:
    with served_once(lambda database: load(county, database)) as ours, Asker(ours.port) as asker:
        for shape in SHAPES:
            yield _of_shape(shape, county, asker)


def _of_shape(shape: Shape, county: County, asker: Asker) -> Figure:
    searches, reads = _asked(shape, county, asker)
    ratio = median(searches) / median(reads)
    behind = f"p50 {_ms(median(searches))}, p99 {_ms(quantiles(searches, n=100)[98])}; read {_ms(median(reads))}"
    named = f"{county.size:,}: {shape.name}{' (flat)' if shape.flat else ''}"
    return Figure(named, ratio, shape.budget, at_most=True, unit=" reads", behind=behind)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _asked(shape: Shape, county: County, asker: Asker) -> tuple[list[float], list[float]]:
    """Seconds of each search and of the read beside it, in turn."""
    random = Random(shape.name)
    searches, reads = [], []
    until = perf_counter() + SECONDS
    while len(searches) < ASKED and (perf_counter() < until or len(searches) < 2):
        path = _path(shape, county, random, asker)
        searches.append(asker.ask(request("GET", path))[0])
        reads.append(asker.ask(request("GET", f"/fhir/CarePlan/s{random.randrange(county.cases)}"))[0])
    return searches, reads


def _path(shape: Shape, county: County, random: Random, asker: Asker) -> str:
    path = f"/fhir/{shape.path(county, random)}"
    for _ in range(DEEP - 1 if shape.deep else 0):
        path = _next(asker.ask(request("GET", path))[1]) or path
    return path


def _next(bundle: bytes) -> str:
    """The path of the page after this one; "" where it is the last."""
    links = {link["relation"]: link["url"] for link in decode(bundle)["link"]}
    url = urlsplit(links.get("next", ""))
    return f"{url.path}?{url.query}" if url.path else ""


# ------------------------------------------------------------------------------------------------ of one patient


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
