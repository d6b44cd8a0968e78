"""What a resource is found by: as rows, and as the JSON beside the resource."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import msgspec

from fhir_server.search.index import Index
from fhir_server.storage.sqlite.held import PATIENT, REFERENCE, SPAN, TOKEN

TokenRow: TypeAlias = tuple[str, str, str, str]
"""Kind and code of the parameter, value, space."""

SpanRow: TypeAlias = tuple[str, int, int]
"""Code of the parameter, low, high."""

Document: TypeAlias = dict[str, dict[str, list[tuple[Any, Any]]]]
"""By kind and code the values as (value, space) or (low, high), sorted: the first is the lowest."""


class Rows(NamedTuple):
    """The rows that stand for a resource in `tokens` and `spans`."""

    tokens: set[TokenRow]
    spans: set[SpanRow]

    def without(self, other: "Rows") -> "Rows":
        """Those that the other has not."""
        return Rows(self.tokens - other.tokens, self.spans - other.spans)

    def joined(self, other: "Rows") -> "Rows":
        """Those of both."""
        return Rows(self.tokens | other.tokens, self.spans | other.spans)


NO_ROWS = Rows(set(), set())

_documents = msgspec.json.Decoder(Document)
_patients = msgspec.json.Decoder(tuple[str, ...])


def document(index: Index) -> Document:
    """The index as it stands, as JSON, in `resources.idx`."""
    return {
        TOKEN: _turned(index.tokens),
        REFERENCE: _turned(index.references),
        SPAN: {code: spans for code, spans in index.spans.items() if spans},
    }


def _turned(values: dict[str, list[tuple[str, str]]]) -> dict[str, list[tuple[Any, Any]]]:
    return {code: sorted([pair[::-1] for pair in pairs]) for code, pairs in values.items() if pairs}


def rows(document: Document, patients: Iterable[str]) -> Rows:
    """The rows of a resource, from its index and its anchors."""
    tokens = {
        (kind, code, value, space)
        for kind in (TOKEN, REFERENCE)
        for code, pairs in document[kind].items()
        for value, space in pairs
    }
    tokens.update((PATIENT, "", patient, "") for patient in patients)
    return Rows(tokens, {(code, low, high) for code, spans in document[SPAN].items() for low, high in spans})


def document_of(idx: str) -> Document:
    """The index out of its JSON."""
    return _documents.decode(idx)


def anchors_of(patients: str) -> tuple[str, ...]:
    """The patients out of a JSON array."""
    return _patients.decode(patients)
