"""What each interaction wants of a caller's scopes: the letters, and the types that they must be about.

The table is `security/Parameters-interaction-scopes.json`.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fhir_server.access.permission import in_order
from fhir_server.access.scope import CONTEXTS, Scopes
from fhir_server.audit.coding import BREAK_GLASS
from fhir_server.fhir.definitions import BadDefinition, r4, read

FILE = "Parameters-interaction-scopes.json"

CONDITIONAL, MAKES = "conditional", "makes"
WHEN = frozenset({CONDITIONAL, MAKES})
"""When a letter is wanted besides: where the call names what it must match instead of an id; where it makes the resource."""


@dataclass(frozen=True, slots=True)
class Need:
    """These letters on resources of a type, in scopes of this context. A `type` of "" is some type, whichever; a `context` of
    "" is any.
    """

    letters: str
    type: str = ""
    context: str = ""

    def met_by(self, scopes: Scopes) -> bool:
        """Whether scopes give all that is needed."""
        if self.context not in {"", scopes.context}:
            return False
        if not self.type:
            return all(scopes.types(letter) for letter in self.letters)
        return all(scopes.allows(self.type, letter) for letter in self.letters)


@dataclass(frozen=True, slots=True)
class _Demand:
    """A need as its row has it: without a type it is about that of the address."""

    need: Need
    when: str = ""

    def of(self, type: str) -> Need:
        return self.need if self.need.type else Need(self.need.letters, type, self.need.context)


@dataclass(frozen=True, slots=True)
class _Row:
    demands: tuple[_Demand, ...]
    shown: str
    purpose: str


class Needs:
    """The table, by interaction."""

    def __init__(self, rows: Mapping[str, _Row]) -> None:
        self._rows = rows

    def of(self, interaction: str, type: str, *, conditional: bool = False, makes: bool = False) -> tuple[Need, ...]:
        """What a call of an interaction at an address of a type ("" for the whole system) needs; all of it must be met.

        `conditional` where it names what it must match instead of an id, `makes` where it would make the resource. Nothing for
        what anybody may ask, and for a Bundle, whose entries are calls of their own. KeyError for no interaction of the table.
        """
        going = {"", CONDITIONAL if conditional else "", MAKES if makes else ""}
        return tuple(demand.of(type) for demand in self._rows[interaction].demands if demand.when in going)

    def shown(self, interaction: str) -> str:
        """The letters without which a type is left out of the answer; "" where nothing but the address counts."""
        return self._rows[interaction].shown

    def purpose(self, interaction: str) -> str:
        """What a call of an interaction is for, whatever its caller came for; "" where the caller says it."""
        return self._rows[interaction].purpose


def load_needs(interactions: Collection[str]) -> Needs:
    """The table as `security/` has it, for a server of these interactions."""
    return needs_of(dict(read("security"))[FILE], interactions)


def needs_of(definition: Mapping[str, Any], interactions: Collection[str]) -> Needs:
    """The table that a definition makes. BadDefinition where an interaction has no row or two, and where a row names an
    interaction, a type, letters, a context or an occasion that there is not.
    """
    rows: dict[str, _Row] = {}
    for parameter in definition["parameter"]:
        name = parameter["name"]
        if name not in interactions or name in rows:
            raise BadDefinition(f"{FILE}: {name} is no interaction, or stands twice")
        try:
            rows[name] = _row(name, parameter.get("part", ()))
        except KeyError as missing:
            raise BadDefinition(f"{FILE}: {name} has a part without {missing}") from None
    if absent := sorted(set(interactions) - rows.keys()):
        raise BadDefinition(f"{FILE}: nothing says what scopes {', '.join(absent)} want")
    return Needs(MappingProxyType(rows))


PARTS = ("need", "shown", "purpose", "why")
PURPOSES = frozenset({BREAK_GLASS})


def _row(name: str, parts: Sequence[Mapping[str, Any]]) -> _Row:
    """A row that demands nothing says why."""
    if not {part["name"] for part in parts} <= set(PARTS):
        raise BadDefinition(f"{FILE}: {name} has a part that nobody reads; there are {', '.join(PARTS)}")
    by_name = {kind: [part for part in parts if part["name"] == kind] for kind in PARTS}
    demands = tuple(_demand(name, part) for part in by_name["need"])
    if not demands and not by_name["why"]:
        raise BadDefinition(f"{FILE}: {name} needs nothing, and does not say why")
    shown = "".join(_letters(name, part["valueCode"]) for part in by_name["shown"])
    purpose = "".join(part["valueCode"] for part in by_name["purpose"])
    if purpose not in {"", *PURPOSES}:
        raise BadDefinition(f"{FILE}: {name} has the purpose {purpose}, which no interaction has")
    return _Row(demands, shown, purpose)


def _demand(name: str, part: Mapping[str, Any]) -> _Demand:
    told = dict(_told(name, part))
    need = Need(_letters(name, told.get("letters", "")), told.get("type", ""), told.get("context", ""))
    return _Demand(need, told.get("when", ""))


def _told(name: str, part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a need says, by the name that says it."""
    allowed = {"type": r4().resource_types, "when": WHEN, "context": CONTEXTS}
    for one in part["part"]:
        kind, value = one["name"], one["valueCode"]
        if kind != "letters" and value not in allowed.get(kind, ()):
            raise BadDefinition(f"{FILE}: {name} has the {kind} {value}, which there is not")
        yield kind, value


def _letters(name: str, letters: str) -> str:
    if not letters or letters != in_order(letters):
        raise BadDefinition(f"{FILE}: {name} has letters that are not some of cruds, in this order")
    return letters
