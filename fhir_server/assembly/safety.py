"""Settings that would open somebody's data are refused before anything is opened."""

from ipaddress import ip_network

from fhir_server.access.channel import is_host
from fhir_server.access.registration import LOOPBACK, is_loopback, is_origin
from fhir_server.assembly.outside import MONGODB, NotStarted
from fhir_server.http.application import BASE_PATH
from fhir_server.settings import Settings

SHORTEST_SECRET = 32
"""Characters of a secret that nobody tries out."""


def refuse_unsafe(settings: Settings) -> None:
    """Raises NotStarted for settings that would open somebody's data, or that this version cannot honour."""
    _refuse_to_authorize(settings)
    _refuse_open(settings)
    _refuse_half_a_wire(settings)
    if not all(map(is_origin, settings.cors_origins)):
        raise NotStarted(
            "FHIR_SERVER_CORS_ORIGINS: each is https://HOST[:PORT], or http on loopback, with no path; none stands for any."
        )
    if settings.workers > 1 and settings.database.startswith("sqlite:"):
        raise NotStarted("SQLite has one writer: two workers on one file are no faster. Use --workers 1.")
    if settings.database.startswith(MONGODB) and not settings.secret.get_secret_value():
        raise NotStarted("With MongoDB the secret must be given, the same to every process: set FHIR_SERVER_SECRET.")
    if wrong := [host for host in settings.subscribers if not is_host(host)]:
        raise NotStarted(
            f"FHIR_SERVER_SUBSCRIBERS holds names of hosts, as hooks.example:8443; not {', '.join(wrong)}."
        )
    if _is_reached(settings):
        _refuse_exposed(settings)


def _refuse_to_authorize(settings: Settings) -> None:
    """Whoever reaches the authorization server may be anybody: nobody but this machine may reach it, whatever the access."""
    here = settings.host in LOOPBACK and is_loopback(settings.base) and not settings.forwarders
    if settings.authorize and not here:
        raise NotStarted(
            "FHIR_SERVER_AUTHORIZE lets everybody be anybody, so it is for development on loopback alone: the address and "
            "FHIR_SERVER_BASE_URL must both be of this machine, and no proxy before it. In production the tokens are an IdP's: "
            "fhir-server issuer add."
        )
    if settings.authorize and not settings.base.endswith(BASE_PATH):
        raise NotStarted(
            f"With FHIR_SERVER_AUTHORIZE the base ends in {BASE_PATH}: the tokens are given out beside it."
        )


def _refuse_open(settings: Settings) -> None:
    if settings.access == "open" and settings.host not in LOOPBACK:
        raise NotStarted(
            f"Access 'open' asks nobody for a token, so it is for loopback alone; --host {settings.host} is refused. "
            "Use --host 127.0.0.1."
        )
    if settings.access == "open" and (settings.forwarders or not is_loopback(settings.base)):
        raise NotStarted(
            "Access 'open' asks nobody for a token, so it is for loopback alone: no FHIR_SERVER_FORWARDERS, and no "
            "FHIR_SERVER_BASE_URL by which others come."
        )


def _refuse_half_a_wire(settings: Settings) -> None:
    if bool(settings.tls_cert) != bool(settings.tls_key) or (settings.tls_clients and not settings.tls_cert):
        raise NotStarted("TLS wants both --tls-cert and --tls-key; --tls-clients goes with them.")
    if settings.tls_cert and not settings.base.startswith("https:"):
        raise NotStarted("With --tls-cert the base that clients see begins with https: mend FHIR_SERVER_BASE_URL.")
    if wrong := [one for one in settings.forwarders if not _is_network(one)]:
        raise NotStarted(f"FHIR_SERVER_FORWARDERS holds addresses, or networks as 10.0.0.0/24; not {', '.join(wrong)}.")


def _is_network(text: str) -> bool:
    """Whether it is an address or a network of addresses, but not all of them."""
    try:
        return ip_network(text).prefixlen > 0
    except ValueError:
        return False


def _is_reached(settings: Settings) -> bool:
    """Whether anybody but this machine is meant to reach the server: then it is in production."""
    return settings.host not in LOOPBACK or not is_loopback(settings.base)


def _refuse_exposed(settings: Settings) -> None:
    """What is well while developing, and opens a server that others reach."""
    if not settings.base.startswith("https:") or not (settings.tls_cert or settings.forwarders):
        raise NotStarted(
            "Tokens and patients' data go by TLS: others reach this server, so it wants --tls-cert and --tls-key, or a proxy that "
            "FHIR_SERVER_FORWARDERS names; and the base that clients see begins with https (FHIR_SERVER_BASE_URL)."
        )
    if settings.shows_docs:
        raise NotStarted("FHIR_SERVER_DOCS is for development: others reach this server, so it is refused.")
    if 0 < len(settings.secret.get_secret_value()) < SHORTEST_SECRET:
        raise NotStarted(
            f"FHIR_SERVER_SECRET is at least {SHORTEST_SECRET} characters: openssl rand -base64 32 makes one."
        )
