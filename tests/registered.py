"""Clients and issuers as a deployment would register them: synthetic, with a key that nobody can sign by."""

from typing import Any

KEY = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "one",
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
}
"""The point that P-256 begins at."""

WITHOUT: Any = object()
"""Stands for a member that is left out."""


def made(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (members | changes).items() if value is not WITHOUT}


def a_portal(**changes: Any) -> dict[str, Any]:
    """A public app for citizens."""
    members = {
        "id": "portal",
        "name": "Planen",
        "kind": "public",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["launch/patient openid offline_access patient/CarePlan.rs"],
        "redirect_uris": ["https://portal.example/back"],
        "origins": ["https://portal.example"],
    }
    return made(members, changes)


def a_system(**changes: Any) -> dict[str, Any]:
    """A system of a municipality, which speaks for itself."""
    members = {
        "id": "verksamhetssystem",
        "name": "Kommunens system",
        "kind": "confidential",
        "grants": ["client_credentials"],
        "scopes": ["system/CarePlan.rs system/Task.cruds"],
        "jwks": {"keys": [KEY]},
        "roles": ["coordinator"],
        "organizations": ["SE2120000001-1003"],
    }
    return made(members, changes)


def an_issuer(**changes: Any) -> dict[str, Any]:
    """The IdP of a region."""
    members = {
        "url": "https://idp.example",
        "mapping": "inera",
        "algorithms": ["ES256", "RS256"],
        "kinds": ["staff"],
        "jwks": {"keys": [KEY]},
        "organizations": ["SE2321000016-1003", "SE2321000016-"],
        "audiences": ["https://other.example/fhir"],
        "lifetime": 900,
    }
    return made(members, changes)
