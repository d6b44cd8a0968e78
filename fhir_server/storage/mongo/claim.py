"""Claims: documents that whoever writes an identity, or asks for it in a condition, touches in the transaction.

A transaction sees the state in which it began, so two that look for an identity and find nothing would both make it.
Having touched one claim they collide, and the second, done again, sees the first. An identity is claimed by its code alone,
so that a condition meets every write of that code, whether or not it names the system. A condition without an identifier
claims its query: it meets another one of the same meaning.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from fhir_server.search.index import Index
from fhir_server.search.query import Criterion, Every, Some, Token
from fhir_server.storage.store import Matches

IDENTIFIER = "identifier"


def claims_of(type: str, index: Index) -> set[str]:
    """The claims of the identities that a resource carries."""
    return claims_of_codes(type, (code for _, code in index.tokens.get(IDENTIFIER, ())))


def claims_of_codes(type: str, codes: Iterable[str]) -> set[str]:
    """The claims of identifier values."""
    return {_named(type, "identifier", code) for code in codes}


def claims_of_condition(condition: Matches) -> set[str]:
    """The claims of what a condition asks for."""
    query = condition.query
    codes = _identifiers(query.where)
    return claims_of_codes(query.type, codes) if codes else {_named(query.type, "query", canonical(query.where))}


def _named(type: str, kind: str, what: str) -> str:
    """A digest: what is claimed may be somebody's personal number."""
    return sha256(f"{type}|{kind}|{what}".encode("utf-8", "surrogatepass")).hexdigest()


def _identifiers(criterion: Criterion) -> set[str]:
    """Identifier values of which whatever meets the criterion has one; none where that cannot be said."""
    match criterion:
        case Token(parameter, _, code) if parameter == IDENTIFIER and code is not None:
            return {code}
        case Every(parts):
            return next((found for part in parts if (found := _identifiers(part))), set())
        case Some(parts):
            each = [_identifiers(part) for part in parts]
            return set[str]().union(*each) if all(each) else set()
    return set()


def canonical(criterion: Criterion) -> str:
    """The criterion as text: the same for two that differ in the order of their parts alone."""
    members = (_told(getattr(criterion, name)) for name in criterion.__struct_fields__)
    return f"{type(criterion).__name__}({','.join(members)})"


def _told(value: Any) -> str:
    match value:
        case None | str():
            return repr(value)
        case int() | float():
            return repr(float(value) + 0.0)  # 5 is 5.0, and -0.0 is 0.0
        case frozenset():
            return repr(sorted(value))
        case tuple():
            return repr(sorted(map(canonical, value)))
    return canonical(value)
