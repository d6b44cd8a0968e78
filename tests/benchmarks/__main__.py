"""`python -m tests.benchmarks [MEASURE…]`: every figure beside its budget. Nothing is asserted; read the table."""

import sys

from tests.benchmarks.bundle import bundle
from tests.benchmarks.create import create
from tests.benchmarks.decision import decision
from tests.benchmarks.figure import Figure, console, table
from tests.benchmarks.reach import reach
from tests.benchmarks.read import read
from tests.benchmarks.search import search
from tests.benchmarks.start import start
from tests.benchmarks.validation import validation
from tests.benchmarks.workers import workers

MEASURES = {
    measure.__name__: measure for measure in (validation, read, decision, create, search, reach, bundle, start, workers)
}


def main(names: list[str]) -> None:
    figures: list[Figure] = []
    for name in names or MEASURES:
        with console.status(f"measuring: {name}"):
            figures += MEASURES[name]()
    console.print(table(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
