"""Where a Subscription may have the server send something: to hosts that its operator has named, by https, and with no header
that would speak in another's name.

Judged when a Subscription is written, whoever writes it. https://hl7.org/fhir/R4/subscription.html#safety
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from fhir_server.fhir.outcome import Invalid, Issue

SPEC = "https://hl7.org/fhir/R4/subscription.html#safety"
HTTPS = 443
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(
    rf"(?:{_LABEL}\.){{1,20}}[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?(?::(?!443\Z)[1-9][0-9]{{0,4}})?", re.ASCII
)
"""A name of DNS whose last part is no number (`127.1` and `10.0x1` are addresses too), with a port where that is not the usual one."""
_ADDRESS = re.compile(
    r"https://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?", re.ASCII
)
"""No user, no fragment, no backslash, no blank."""
_HEADER = re.compile(r"(?P<name>[A-Za-z0-9-]{1,64}): ?[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?", re.ASCII)
_SPOKEN_FOR = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "te",
        "trailer",
    }
    | {"transfer-encoding", "upgrade", "via"}
)
_SPOKEN_FOR_ALL = ("proxy-", "sec-", "x-forwarded-")


def is_host(text: str) -> bool:
    """Whether it is a host by name, with its port where that is not 443: `hooks.example`, `hooks.example:8443`."""
    return _HOST.fullmatch(text) is not None


class Channels:
    """The `hosts` that something may be sent to, to the letter; None: nothing is judged."""

    def __init__(self, hosts: Iterable[str] | None) -> None:
        self._hosts = None if hosts is None else frozenset(hosts)

    def refuse_hostile(self, resource: Mapping[str, Any]) -> None:
        """Raises Invalid for a Subscription whose channel leads elsewhere, or says what only the server may say."""
        if self._hosts is None or resource["resourceType"] != "Subscription":
            return
        if issues := list(self._issues(resource["channel"], self._hosts)):
            raise Invalid(*issues)

    def _issues(self, channel: Mapping[str, Any], hosts: frozenset[str]) -> Iterator[Issue]:
        if "endpoint" in channel and _host_of(channel["endpoint"]) not in hosts:
            yield Issue("business-rule", "endpoint-refused", "Subscription.channel.endpoint", source=SPEC)
        for number, header in enumerate(channel.get("header", ())):
            if not _is_harmless(header):
                yield Issue("business-rule", "header-refused", f"Subscription.channel.header[{number}]", source=SPEC)


def _host_of(address: str) -> str:
    """The host that an address names, with its port where that is not the usual; "" for what is no plain address of one."""
    if not _ADDRESS.fullmatch(address):
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        host = host if parts.port in {None, HTTPS} else f"{host}:{parts.port}"
    except ValueError:
        return ""
    return host if is_host(host) else ""


def _is_harmless(header: str) -> bool:
    found = _HEADER.fullmatch(header)
    name = found["name"].lower() if found else ""
    return bool(name) and name not in _SPOKEN_FOR and not name.startswith(_SPOKEN_FOR_ALL)
