"""`[base]/.well-known/smart-configuration`: how an app finds out where to ask for a token, and what it may ask for.

What is promised is `security/Parameters-smart-configuration.json`; where it is kept depends on who gives out the tokens.
https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import BadDefinition, read
from fhir_server.fhir.outcome import NoSuchInteraction

FILE = "Parameters-smart-configuration.json"
WELL_KNOWN = "/.well-known/smart-configuration"

Configuration: TypeAlias = Mapping[str, Any]
"""The document as JSON."""


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """Who gives out the tokens: its addresses, each an absolute URL or "" where there is none; and whether it knows of `launches`
    (it tells an app of which patient), `refreshes` tokens, takes `client_assertions` (a signed JWT) and `client_secrets`.
    """

    issuer: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""
    launches: bool = False
    refreshes: bool = False
    client_assertions: bool = False
    client_secrets: bool = False

    def __post_init__(self) -> None:
        """ValueError for an address that is not absolute: an app could not follow it."""
        for name, address in self.addresses.items():
            parts = urlsplit(address)
            if parts.scheme not in {"https", "http"} or not parts.netloc:
                raise ValueError(f"{name} must be an absolute URL")

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses that there are, by their names in the document."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, str) and value}


def smart_configuration(server: AuthorizationServer | None = None) -> Configuration:
    """The document where this server gives out the tokens; with none, what the scopes mean and no more. BadDefinition."""
    return configuration_of(dict(read("security"))[FILE], server)


def configuration_of(definition: Mapping[str, Any], server: AuthorizationServer | None) -> Configuration:
    """What a definition promises, as far as it can be kept: a row that needs what the authorization server does not have is
    left out. BadDefinition for a row that needs what none has.
    """
    kept = asdict(server) if server else {}
    lists: dict[str, list[str]] = {}
    for row in definition["parameter"]:
        value, needs = _row(row)
        own = lists.setdefault(row["name"], [])
        if all(kept.get(need) for need in needs):
            own.append(value)
    return {**_addresses(server, lists), **{name: values for name, values in lists.items() if values}}


def _row(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    if "valueString" in row:
        return row["valueString"], []
    parts = row.get("part", ())
    values = [part["valueString"] for part in parts if part["name"] == "value" and "valueString" in part]
    needs = [part.get("valueCode", "") for part in parts if part["name"] == "needs"]
    if len(values) != 1:
        raise BadDefinition(f"{FILE}: {row['name']} has a row without a value, or with several")
    (value,) = values
    if unknown := set(needs) - {field.name for field in fields(AuthorizationServer)}:
        raise BadDefinition(f"{FILE}: {value} needs {', '.join(sorted(unknown))}, which no authorization server has")
    return value, needs


SINGLE_SIGN_ON = "sso-openid-connect"


def _addresses(server: AuthorizationServer | None, lists: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The issuer and its keys are told to whoever may sign in with it, and to nobody else."""
    found = server.addresses if server else {}
    apart = set() if SINGLE_SIGN_ON in lists.get("capabilities", ()) else {"issuer", "jwks_uri"}
    return {name: address for name, address in found.items() if name not in apart}


_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def smart_security(server: AuthorizationServer) -> dict[str, Any]:
    """What the CapabilityStatement tells of the same server, for apps of the first version of SMART.
    https://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html
    """
    addresses = {
        "authorize": server.authorization_endpoint,
        "token": server.token_endpoint,
        "introspect": server.introspection_endpoint,
        "revoke": server.revocation_endpoint,
    }
    uris = [{"url": name, "valueUri": address} for name, address in addresses.items() if address]
    return {
        "extension": [{"url": _OAUTH_URIS, "extension": uris}],
        "cors": True,
        "service": [{"coding": [{"system": _SECURITY_SERVICES, "code": "SMART-on-FHIR"}]}],
    }


# ------------------------------------------------------------------------------------------------ where it answers

_ANY_ORIGIN = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
_ASKED_FIRST = {"access-control-allow-methods": "GET, HEAD", "access-control-allow-headers": "*"}


def discovery_route(path: str, configuration: Configuration | None) -> Route:
    """The route at a path: public, JSON whatever is asked for, readable by scripts of every origin. Without a configuration it
    says why there is none.
    """
    body = encode(configuration)

    async def discover(request: Request) -> Response:
        if configuration is None:
            raise NoSuchInteraction.because("no-discovery")
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={**_ANY_ORIGIN, **_ASKED_FIRST})
        return Response(body, media_type="application/json", headers=_ANY_ORIGIN)

    return Route(path, discover, methods=["GET", "OPTIONS"])
