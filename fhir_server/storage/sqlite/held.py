"""What a criterion wants a parameter to hold: tokens and references alike are a value in a space.

The space of a token is its system, that of a reference the type it points at.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from fhir_server.search.query import Criterion, Reference, Some, Token
from fhir_server.storage.sqlite.clause import Clause, one_of

TOKEN, REFERENCE, SPAN, STRING, AMOUNT, ELEMENT, PATIENT = "t", "r", "s", "x", "n", "e", "p"  # kinds, no passwords
"""The kinds of parameter: as they stand in `parameters.kind`, and as members of `resources.idx`. PATIENT, without a code,
is the anchors among the tokens; an ELEMENT stands in `resources.idx` alone."""

VALUED = (TOKEN, REFERENCE, SPAN, STRING, AMOUNT, ELEMENT)
"""The kinds that give a parameter a value."""


class Held(Struct, frozen=True):
    """The parameter has one of these values (None: whichever) in this space (None: of a token any or none, of a reference
    any type but no URL).
    """

    kind: str
    parameter: str
    space: str | None
    values: frozenset[str] | None

    def conditions(self, value: str, space: str) -> list[Clause]:
        """What the two columns, named in SQL, must be."""
        found = [one_of(value, self.values)] if self.values is not None else []
        if self.space is not None:
            found.append(Clause(f"{space} = ?", (self.space,)))
        elif self.kind == REFERENCE:
            found.append(Clause(f"{space} <> ''"))
        return found


class Keyed(Struct, frozen=True):
    """The resource has one of these keys, a JSON array: what a criterion becomes that few were found to meet."""

    keys: str

    def among(self, key: str) -> Clause:
        """The key, named in SQL, is one of them."""
        return Clause(f"{key} IN (SELECT value FROM json_each(?))", (self.keys,))


def held(criterion: Token | Reference) -> Held:
    """What a token or a reference criterion wants."""
    if isinstance(criterion, Reference):
        return Held(REFERENCE, criterion.parameter, criterion.type, frozenset({criterion.id}))
    codes = None if criterion.code is None else frozenset({criterion.code})
    return Held(TOKEN, criterion.parameter, criterion.system, codes)


def merged(criterion: Some) -> list[Criterion | Held]:
    """The parts of an OR, with those that want the same parameter to hold one value or another made one."""
    apart: list[Criterion | Held] = []
    together: dict[tuple[str, str, str | None], set[str]] = {}
    for part in _flat(criterion.parts):
        wanted = held(part) if isinstance(part, Token | Reference) else part
        if isinstance(wanted, Held) and wanted.values is not None:
            together.setdefault((wanted.kind, wanted.parameter, wanted.space), set()).update(wanted.values)
        else:
            apart.append(wanted)
    return apart + [Held(*where, frozenset(values)) for where, values in together.items()]


def _flat(parts: Iterable[Criterion]) -> Iterator[Criterion]:
    for part in parts:
        if isinstance(part, Some):
            yield from _flat(part.parts)
        else:
            yield part
