"""What one SMART scope for resources permits: letters on a type, and the conditions that its query sets.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from fhir_server.search.query import Criterion, every

LETTERS = "cruds"
"""Create, read, update, delete, search: a scope has some of them, each once and in this order."""
ANY = "*"
"""Stands for every type."""
V1: Mapping[str, str] = {"read": "rs", "write": "cud", "*": "cruds"}
"""The permissions of the first version of SMART, and what they mean in letters."""
_AS_V1 = {letters: word for word, letters in V1.items()}
_PLAIN = "/:|,$@!*();"
"""What stands in the value of a query as it is. https://www.rfc-editor.org/rfc/rfc6749#section-3.3"""


def in_order(letters: Iterable[str]) -> str:
    """The letters in their order, each once; what is none is left out."""
    return "".join(letter for letter in LETTERS if letter in letters)


@dataclass(frozen=True, slots=True)
class Condition:
    """One `name=value` of a scope's query: a parameter has one of these values, which are still escaped as in a search.
    `where` is what they ask.
    """

    name: str
    values: frozenset[str]
    where: Criterion = field(compare=False, repr=False)

    def within(self, other: "Condition") -> bool:
        """Whether all that meets this meets the other too, as far as can be told by the values alone."""
        return self.name == other.name and self.values <= other.values

    @property
    def key(self) -> tuple[str, str]:
        """Its place among others: its name, and its values as a search has them."""
        return self.name, ",".join(sorted(self.values))

    def __str__(self) -> str:
        name, values = self.key
        return f"{name}={quote(values, safe=_PLAIN)}"


def together(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions in their order, without those that another one implies."""
    kept = {one.key: one for one in conditions}.values()
    needed = (one for one in kept if not any(other.within(one) for other in kept if other is not one))
    return tuple(sorted(needed, key=lambda one: one.key))


@dataclass(frozen=True, slots=True)
class Permission:
    """These letters on resources of a type, or of ANY, that meet all of the conditions; made with conditions that `together`
    gave. `v1`: asked for in the words of the first version, and told in them.
    """

    type: str
    letters: str
    conditions: tuple[Condition, ...] = ()
    v1: bool = False

    def covers(self, type: str, letter: str) -> bool:
        """Whether it says anything of a letter on a type."""
        return letter in self.letters and (self.type in (type, ANY))

    @property
    def where(self) -> Criterion:
        """What the resources must be like."""
        return every(*(one.where for one in self.conditions))

    def within(self, others: Iterable["Permission"]) -> bool:
        """Whether each of its letters is, under its conditions, permitted by one of the others."""
        fitting = [other for other in others if other.type in {self.type, ANY} and self._is_as_narrow(other)]
        return all(any(letter in other.letters for other in fitting) for letter in self.letters)

    def _is_as_narrow(self, other: "Permission") -> bool:
        return all(any(own.within(one) for own in self.conditions) for one in other.conditions)

    def met(self, other: "Permission") -> "Permission | None":
        """What both of them permit; None for nothing."""
        letters = in_order(set(self.letters) & set(other.letters))
        types = {self.type, other.type} - {ANY} or {ANY}
        if not letters or len(types) > 1:
            return None
        conditions = together((*self.conditions, *other.conditions))
        return Permission(types.pop(), letters, conditions, v1=self.v1 and letters in _AS_V1)

    def __str__(self) -> str:
        word = _AS_V1.get(self.letters) if self.v1 else None
        query = "&".join(map(str, self.conditions))
        return f"{self.type}.{word or self.letters}{'?' if query else ''}{query}"
