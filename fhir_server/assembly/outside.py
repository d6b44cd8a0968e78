"""What comes from outside the house: the clock, ids and secrets, and where a log line goes."""

import os
import secrets
import ssl
import sys
import time
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import structlog

from fhir_server.fhir.identity import request_id, uuid7
from fhir_server.settings import Settings

MONGODB = "mongodb://"


class NotStarted(Exception):
    """The server cannot start as it was asked to; the message says what to do."""


def sqlite_path(database: str) -> str:
    """The file that `sqlite:///care-plans.db` (relative) or `sqlite:////var/lib/plans.db` (absolute) names."""
    return urlsplit(database).path.removeprefix("/") or ":memory:"


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id(type: str) -> str:
    """An id never given before. It sorts by the time it was made; a Patient's does not: who was told where somebody is would
    know since when.
    """
    return str(uuid4()) if type == "Patient" else uuid7(clock(), os.urandom(10))


def new_request_id() -> str:
    """An id never given before to a request."""
    return request_id(clock(), os.urandom(5))


def write_line(line: str) -> None:
    """To the log, as it is."""
    sys.stderr.write(line)


def tell_of_guesses(client: str, request: str) -> None:
    """An alarm for the operator: somebody asks for one id after another that leads to nothing. The trail tells who."""
    structlog.get_logger().warning("ids-guessed", client=client, request=request)


def without_password(database: str) -> str:
    """The address of a database as it may be said again: who opens it, and by what, is left out."""
    scheme, separator, rest = database.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def secret(settings: Settings) -> bytes:
    """What seals page tokens: the setting, else a file beside the database that only its owner reads, made once."""
    if given := settings.secret.get_secret_value():
        return given.encode()
    path = sqlite_path(settings.database)
    if path == ":memory:":
        return secrets.token_bytes(32)
    file = Path(f"{path}.secret")
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(secrets.token_bytes(32))
    return file.read_bytes()


@cache
def certificates() -> ssl.SSLContext:
    """Whose certificates are believed when keys are fetched; read once a process."""
    return httpx.create_ssl_context()
