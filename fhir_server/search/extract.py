"""What a resource can be found by: its search parameters applied to it.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fhir_server.fhir.path import Path
from fhir_server.search.index import Index
from fhir_server.search.parameter import KINDS, STORED, Parameter, Parameters
from fhir_server.search.values.token import TOKENS


class _Row(NamedTuple):
    """One parameter: where its values stand, and what is made of each."""

    code: str
    sources: tuple[tuple[Callable[[Any], Sequence[Any]], Callable[[Any], Sequence[Any]]], ...]

    def find(self, resource: dict[str, Any]) -> list[Any]:
        """The parameter's values, sorted, each once."""
        found: list[Any] = []
        for values, make in self.sources:
            for value in values(resource):
                found += make(value)
        return sorted(set(found)) if len(found) > 1 else found


class _Rows(NamedTuple):
    tokens: tuple[_Row, ...]
    references: tuple[_Row, ...]
    spans: tuple[_Row, ...]


class Extractor:
    """Makes the index of resources, by these parameters, on a server of this base (without a slash at its end)."""

    def __init__(self, parameters: Parameters, base: str) -> None:
        self._parameters = parameters
        self._base = base
        self._rows: dict[str, _Rows] = {}

    def index(self, resource: dict[str, Any]) -> Index:
        """What a resource can be found by. Of a shape that is not FHIR's nothing is found; it never raises."""
        type = resource.get("resourceType")
        if not isinstance(type, str):
            return Index()
        rows = self._rows.get(type) or self._compiled(type)
        return Index(*({row.code: found for row in part if (found := row.find(resource))} for part in rows))

    def _compiled(self, type: str) -> _Rows:
        own = [parameter for parameter in self._parameters.of(type).values() if parameter.code not in STORED]
        rows = _Rows(
            tokens=tuple(
                [self._row(parameter) for parameter in own if parameter.kind in {"token", "uri"}]
                + [_logical(parameter) for parameter in own if parameter.kind == "reference"]
            ),
            references=tuple(self._row(parameter) for parameter in own if parameter.kind == "reference"),
            spans=tuple(self._row(parameter) for parameter in own if parameter.kind == "date"),
        )
        if own:
            self._rows[type] = rows
        return rows

    def _row(self, parameter: Parameter) -> _Row:
        return _Row(parameter.code, tuple((path.values, self._maker(parameter.kind, path)) for path in parameter.paths))

    def _maker(self, kind: str, path: Path) -> Callable[[Any], Sequence[Any]]:
        make, base = KINDS[kind][path.type], self._base
        return (lambda value: make(value, base)) if kind == "reference" else make


def _logical(parameter: Parameter) -> _Row:
    """The identifiers in references themselves: `subject:identifier`. https://hl7.org/fhir/R4/references.html#logical"""
    identify = TOKENS["Identifier"]
    return _Row(
        f"{parameter.code}:identifier",
        tuple(
            (path.values, lambda reference: identify(reference.get("identifier")))
            for path in parameter.paths
            if path.type == "Reference"
        ),
    )
