"""Claims: documents that whoever writes an identity, or asks for it in a condition, touches in the transaction.

A transaction sees the state in which it began, so two that look for an identity and find nothing would both make it.
Having touched one claim they collide, and the second, done again, sees the first. An identity is claimed by its code alone,
so that a condition meets every write of that code, whether or not it names the system. A condition without an identifier
claims its query: it meets another one of the same meaning.
"""

from collections.abc import Iterable
from hashlib import sha256

from fhir_server.search.index import Index
from fhir_server.search.query import Criterion, Every, Identity, OfPatient, Related, Some, Token, Without
from fhir_server.storage.store import Matches

_IDENTIFIER = "identifier"


def claims_of(type: str, index: Index) -> set[str]:
    """The claims of the identities that a resource carries."""
    return claims_of_codes(type, (code for _, code in index.tokens.get(_IDENTIFIER, ())))


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
        case Token(parameter, _, code) if parameter == _IDENTIFIER and code is not None:
            return {code}
        case Every(parts):
            return next((found for part in parts if (found := _identifiers(part))), set())
        case Some(parts):
            each = [_identifiers(part) for part in parts]
            return set[str]().union(*each) if all(each) else set()
    return set()


def canonical(criterion: Criterion) -> str:
    """The criterion as text: the same for two that differ in the order of their parts alone."""
    match criterion:
        case Every(parts) | Some(parts):
            return f"{type(criterion).__name__}({','.join(sorted(map(canonical, parts)))})"
        case Without(part):
            return f"Without({canonical(part)})"
        case Identity(names) | OfPatient(names):
            return f"{type(criterion).__name__}({sorted(names)})"
        case Related(actors, kinds, at):
            return f"Related({sorted(actors)},{sorted(kinds)},{at})"
    return repr(criterion)
