"""What a resource can be found by: the values that its search parameters take."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Index:
    """The extracted values of one resource, by parameter code; each list is sorted and has no doubles.

    `tokens`: (system, code), the system "" where there is none; the identifiers in references stand under
    `code:identifier`. `references`: (type, id); a reference that is not to a
    resource of ours is ("", url). `spans`: (low, high) in milliseconds since 1970, both ends included.
    """

    tokens: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    references: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
