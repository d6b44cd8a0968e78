"""Validating and indexing one plan in a tight loop, beside what a typed model alone costs."""

import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

from fhir_server.fhir.resource import typed
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter import load_parameters
from fhir_server.validation.profile import load_profiles
from fhir_server.validation.validate import Validator
from tests.benchmarks.figure import Figure, in_turn, shown
from tests.benchmarks.plans import plan

PLANS, MODELS = 1000, 200


def validation() -> Iterator[Figure]:
    validator, extractor = Validator(load_profiles()), Extractor(load_parameters(), "http://127.0.0.1:8080/fhir")

    def validate_and_index(resource: dict[str, Any]) -> None:
        validator.issues(resource)
        extractor.index(resource)

    never_seen = map(plan, count())
    for once in (validate_and_index, typed):
        once(next(never_seen))  # what is compiled or imported when first needed
    both = in_turn(
        lambda: _microseconds(typed, islice(never_seen, MODELS)),
        lambda: _microseconds(validate_and_index, islice(never_seen, PLANS)),
    )
    yield Figure("validate by base and profile, and index, a SIP of 3 KB", both.second, 250, at_most=True, unit=" µs")
    yield Figure(
        "the same: times faster than a fhir.resources model",
        both.ratio,
        4,
        behind=f"{shown(both.first)} µs for model_validate alone",
    )


def _microseconds(does: Callable[[dict[str, Any]], object], plans: Iterator[dict[str, Any]]) -> float:
    ready = list(plans)
    started = time.perf_counter()
    for resource in ready:
        does(resource)
    return (time.perf_counter() - started) / len(ready) * 1_000_000
