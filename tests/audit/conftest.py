"""The stores of the contract, for what asks them for rows."""

from tests.storage.conftest import clock, store

__all__ = ["clock", "store"]
