"""Servers that a test may break."""

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def forsaken() -> Iterator[None]:
    """For a test whose server goes away or never was: the driver's monitor then leaves a socket to the garbage collector,
    which would tell of it in the middle of another test.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
