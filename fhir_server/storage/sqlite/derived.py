"""What a resource is found by: as rows, and as the JSON beside the resource."""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import msgspec

from fhir_server.search.index import Index
from fhir_server.storage.sqlite.held import PATIENT, REFERENCE, TOKEN
from fhir_server.storage.sqlite.ranges import placed

TokenRow: TypeAlias = tuple[str, str, str, str]
"""Kind and code of the parameter, value, space."""

SpanRow: TypeAlias = tuple[str, int, int]
"""Code of the parameter, low, high."""

StringRow: TypeAlias = tuple[str, str, str, str]
"""Code of the parameter, key, folded, exact."""

AmountRow: TypeAlias = tuple[str, int, int, str, str]
"""Code of the parameter, the places of low and high, system and code of the unit."""


class Document(msgspec.Struct, omit_defaults=True):
    """By kind and code the values, sorted: the first is the lowest. The members are named as the kinds are in held.py.

    Tokens and references are (value, space), spans (low, high), strings (key, folded, exact), amounts (low, high, system,
    code) with their places; an element is a document of its own.
    """

    t: dict[str, list[tuple[str, str]]] = {}
    r: dict[str, list[tuple[str, str]]] = {}
    s: dict[str, list[tuple[int, int]]] = {}
    x: dict[str, list[tuple[str, str, str]]] = {}
    n: dict[str, list[tuple[int, int, str, str]]] = {}
    e: dict[str, list["Document"]] = {}


class Rows(NamedTuple):
    """The rows that stand for a resource in `tokens`, `spans`, `strings` and `amounts`."""

    tokens: set[TokenRow]
    spans: set[SpanRow]
    strings: set[StringRow]
    amounts: set[AmountRow]

    def without(self, other: "Rows") -> "Rows":
        """Those that the other has not."""
        return Rows(
            self.tokens - other.tokens,
            self.spans - other.spans,
            self.strings - other.strings,
            self.amounts - other.amounts,
        )

    def joined(self, other: "Rows") -> "Rows":
        """Those of both."""
        return Rows(
            self.tokens | other.tokens,
            self.spans | other.spans,
            self.strings | other.strings,
            self.amounts | other.amounts,
        )


NO_ROWS = Rows(set(), set(), set(), set())

_documents = msgspec.json.Decoder(Document)
_patients = msgspec.json.Decoder(tuple[str, ...])


def document(index: Index) -> Document:
    """The index as it stands, but for its words, as JSON in `resources.idx`."""
    return Document(
        _turned(index.tokens),
        _turned(index.references),
        {code: spans for code, spans in index.spans.items() if spans},
        {code: strings for code, strings in index.strings.items() if strings},
        {
            code: [(placed(low), placed(high), system, unit) for low, high, system, unit in amounts]
            for code, amounts in index.amounts.items()
            if amounts
        },
        {code: [document(element) for element in elements] for code, elements in index.elements.items() if elements},
    )


def judged_by(document: Document, parameters: frozenset[str]) -> Document:
    """Of an index the tokens and references of some parameters, and nothing else."""
    return Document(
        {code: held for code, held in document.t.items() if code in parameters},
        {code: held for code, held in document.r.items() if code in parameters},
    )


def _turned(values: dict[str, list[tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    return {code: sorted([(value, space) for space, value in pairs]) for code, pairs in values.items() if pairs}


def rows(document: Document, patients: Iterable[str]) -> Rows:
    """The rows of a resource, from its index and its anchors."""
    tokens = {
        (kind, code, value, space)
        for kind, held in ((TOKEN, document.t), (REFERENCE, document.r))
        for code, pairs in held.items()
        for value, space in pairs
    }
    tokens.update((PATIENT, "", patient, "") for patient in patients)
    return Rows(
        tokens,
        {(code, *span) for code, spans in document.s.items() for span in spans},
        {(code, *string) for code, strings in document.x.items() for string in strings},
        {(code, *amount) for code, amounts in document.n.items() for amount in amounts},
    )


def document_of(idx: str) -> Document:
    """The index out of its JSON."""
    return _documents.decode(idx)


def anchors_of(patients: str) -> tuple[str, ...]:
    """The patients out of a JSON array."""
    return _patients.decode(patients)
