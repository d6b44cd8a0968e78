"""Rows of the tables as the values that the seam speaks of."""

from typing import Any

from fhir_server.storage.sqlite.derived import anchors_of
from fhir_server.storage.store import Stored

CURRENT = "r.type, r.id, r.version, r.updated, r.text, r.method, r.patients, r.digest"
"""The columns of a Stored, of a row `r` of `resources`."""

EARLIER = "r.type, r.id, v.version, v.updated, v.text, v.method, v.patients, v.digest"
"""The same, of a row `v` of `versions` beside its resource."""


def stored(row: tuple[Any, ...]) -> Stored:
    """The version in a row; what follows its columns is passed over."""
    type, id, version, updated, text, method, patients, digest = row[:8]
    return Stored(type, id, version, updated, text, method, anchors_of(patients), digest)
