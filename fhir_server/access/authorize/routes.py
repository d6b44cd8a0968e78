"""Where the authorization server answers: all of it under one path beside the FHIR base."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fhir_server.access.authorize.approval import approve, authorize
from fhir_server.access.authorize.authority import Authority
from fhir_server.access.authorize.development import development_token
from fhir_server.access.authorize.ehr import ehr, launch
from fhir_server.access.authorize.grants import token
from fhir_server.access.authorize.inspection import introspect, revoke
from fhir_server.access.authorize.refusal import Refused, Returned
from fhir_server.access.authorize.session import sign_in, sign_out
from fhir_server.access.authorize.signing import ALGORITHM
from fhir_server.access.authorize.wire import NEVER_KEPT, Endpoint, answering, page, sent_back
from fhir_server.fhir.codec import encode
from fhir_server.fhir.outcome import Unavailable

PATH = "/auth"
Step: TypeAlias = Callable[[Authority, Request], Awaitable[Response]]


def authorization_routes(authority: Authority) -> list[Route]:
    """The routes, for the application to stand beside the FHIR endpoint."""
    shown = {"authorize": (authorize, ["GET", "POST"]), "ehr": (ehr, ["GET"])}
    forms = {"sign-in": sign_in, "sign-out": sign_out, "approve": approve, "launch": launch}
    asked = {"introspect": introspect, "development-token": development_token}
    pages = {name: (step, ["POST"]) for name, step in forms.items()} | shown
    return [
        *(Route(f"{PATH}/{name}", _shown(authority, step), methods=how) for name, (step, how) in pages.items()),
        *(Route(f"{PATH}/{name}", answering(_with(authority, it)), methods=["POST"]) for name, it in asked.items()),
        Route(f"{PATH}/token", _with(authority, token), methods=["POST", "OPTIONS"]),
        Route(f"{PATH}/revoke", _with(authority, revoke), methods=["POST"]),
        Route(f"{PATH}/jwks", _public(authority.signer.jwks), methods=["GET"]),
        Route(f"{PATH}/.well-known/openid-configuration", _public(encode(metadata(authority))), methods=["GET"]),
    ]


def metadata(authority: Authority) -> dict[str, object]:
    """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata"""
    return {
        "issuer": authority.url,
        "authorization_endpoint": f"{authority.url}/authorize",
        "token_endpoint": f"{authority.url}/token",
        "jwks_uri": f"{authority.url}/jwks",
        "introspection_endpoint": f"{authority.url}/introspect",
        "revocation_endpoint": f"{authority.url}/revoke",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "fhirUser", "profile"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "fhirUser"],
    }


def _with(authority: Authority, step: Step) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await step(authority, request)

    return endpoint


def _shown(authority: Authority, step: Step) -> Endpoint:
    """A step whose refusals a person reads, or an app where it can be told."""

    async def endpoint(request: Request) -> Response:
        try:
            return await step(authority, request)
        except Returned as back:
            why = {"error": back.why.error, "error_description": back.why.description}
            return sent_back(back.redirect_uri, why | ({"state": back.state} if back.state else {}))
        except Refused as why:
            return _refusal_page(authority, request, why)
        except Unavailable:
            return _refusal_page(authority, request, Refused("away"))

    return endpoint


def _refusal_page(authority: Authority, request: Request, why: Refused) -> Response:
    language = authority.language(request.headers.get("accept-language", ""))
    return page(authority, request, "refused", status=why.status, error=why.error, why=why.text(language))


def _public(body: bytes) -> Endpoint:
    """What everybody may read, scripts of every origin too."""

    async def endpoint(_: Request) -> Response:
        headers = {**NEVER_KEPT, "access-control-allow-origin": "*"}
        return Response(body, media_type="application/json", headers=headers)

    return endpoint
