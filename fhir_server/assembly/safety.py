"""Settings that would open somebody's data are refused before anything is opened."""

from fhir_server.access.registration import LOOPBACK, is_loopback, is_origin
from fhir_server.assembly.outside import MONGODB, NotStarted
from fhir_server.http.application import BASE_PATH
from fhir_server.settings import Settings


def refuse_unsafe(settings: Settings) -> None:
    """Raises NotStarted for settings that would open somebody's data, or that this version cannot honour."""
    _refuse_to_authorize(settings)
    if settings.access == "open" and settings.host not in LOOPBACK:
        raise NotStarted(
            f"Access 'open' asks nobody for a token, so it is for loopback alone; --host {settings.host} is refused. "
            "Use --host 127.0.0.1."
        )
    if not all(map(is_origin, settings.cors_origins)):
        raise NotStarted(
            "FHIR_SERVER_CORS_ORIGINS: each is https://HOST[:PORT], or http on loopback, with no path; none stands for any."
        )
    if settings.workers > 1 and settings.database.startswith("sqlite:"):
        raise NotStarted("SQLite has one writer: two workers on one file are no faster. Use --workers 1.")
    if settings.database.startswith(MONGODB) and not settings.secret.get_secret_value():
        raise NotStarted("With MongoDB the secret must be given, the same to every process: set FHIR_SERVER_SECRET.")


def _refuse_to_authorize(settings: Settings) -> None:
    """Whoever reaches the authorization server may be anybody: nobody but this machine may reach it, whatever the access."""
    if settings.authorize and not (settings.host in LOOPBACK and is_loopback(settings.base)):
        raise NotStarted(
            "FHIR_SERVER_AUTHORIZE lets everybody be anybody, so it is for development on loopback alone: the address and "
            "FHIR_SERVER_BASE_URL must both be of this machine. In production the tokens are an IdP's: fhir-server issuer add."
        )
    if settings.authorize and not settings.base.endswith(BASE_PATH):
        raise NotStarted(
            f"With FHIR_SERVER_AUTHORIZE the base ends in {BASE_PATH}: the tokens are given out beside it."
        )
