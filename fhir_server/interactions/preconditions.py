"""The conditions that a call carries in its headers, or an entry of a Bundle in its request.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from msgspec import Struct

from fhir_server.fhir.outcome import Unreadable

NO_VERSION = 0
"""An ETag that this server never gave: no version is numbered 0, so a write that demands it is stale."""


class Preconditions(Struct, frozen=True):
    """What must hold of the present version. `match` is If-Match's version, `none_match` the versions of If-None-Match,
    `modified_since` in milliseconds since 1970, `none_exist` the query of If-None-Exist.
    """

    match: int | None = None
    none_match: frozenset[str] = frozenset()
    modified_since: int | None = None
    none_exist: str | None = None


NONE = Preconditions()


def version_to_match(etag: str) -> int | None:
    """The version that If-Match names: `W/"3"` as FHIR has it, `"3"` and 3 as clients send it; `*` leaves it open.
    Unreadable for a list: a resource has one current version.
    """
    if etag.strip() == "*":
        return None
    if "," in etag:
        raise Unreadable.because("header", name="If-Match", expected='one version: W/"3"')
    found = _opaque(etag)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else NO_VERSION  # noqa: PLR2004  # counted


def versions_not_to_match(etags: str) -> frozenset[str]:
    """The versions that If-None-Match names, or `*`."""
    return frozenset(_opaque(etag) for etag in etags.split(",") if etag.strip())


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')
