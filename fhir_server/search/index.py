"""What a resource can be found by: the values that its search parameters take."""

from dataclasses import dataclass, field
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Index:
    """The extracted values of one resource, by parameter code; each list is sorted and has no doubles.

    `tokens`: (system, code), the system "" where there is none; an address is a token without a system. What stands under
    `code:identifier` and the like is told in `query.py`. `references`: (type, id); a reference that is not to a resource of
    ours is ("", url). `spans`: (low, high) in milliseconds since 1970, both ends included. `strings`: (key, folded, exact),
    the key being what puts it in Swedish order; where a search may begin at a later word of a name, the key is that of the
    whole name and exact is empty. `amounts`: (low, high, system, code), both ends included, without a unit ("", ""). `words`:
    folded words, under `_text` and `_content`. `elements`: for a composite parameter the index of each element, its
    components named "0", "1", ….
    """

    tokens: dict[str, list[Pair]] = field(default_factory=dict)
    references: dict[str, list[Pair]] = field(default_factory=dict)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    strings: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    amounts: dict[str, list[tuple[float, float, str, str]]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    elements: dict[str, list["Index"]] = field(default_factory=dict)

    def has(self, code: str) -> bool:
        """Whether there is any value under a code."""
        return any(
            kind.get(code)
            for kind in (self.tokens, self.references, self.spans, self.strings, self.amounts, self.elements)
        )
