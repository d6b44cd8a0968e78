"""Which representation: JSON is the one this server speaks, under its several names.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from fhir_server.fhir.outcome import NotAcceptable, UnsupportedMedia

FHIR_JSON = "application/fhir+json"
READ = frozenset({FHIR_JSON, "application/json", "text/json", "json"})
"""What a body may be called; parameters such as charset and fhirVersion are looked at apart."""
WRITTEN = READ | {"*/*", "application/*", "text/*"}
VERSIONS = frozenset({"4.0", "4.0.1"})
FORM = "application/x-www-form-urlencoded"


def refuse_unacceptable(accept: str, format: str | None) -> None:
    """Raises NotAcceptable unless the caller takes JSON; `_format` overrides the Accept header."""
    asked = format if format is not None else accept
    if not asked.strip() or any(_takes(choice) for choice in asked.split(",")):
        return
    raise NotAcceptable.because("not-acceptable", allowed=FHIR_JSON)


def refuse_foreign(content_type: str, *allowed: str) -> None:
    """Raises UnsupportedMedia for a body that is not of an allowed type, not in UTF-8 or of another FHIR version."""
    name, parameters = _parts(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    version = parameters.get("fhirversion", "4.0")
    if name not in allowed or charset not in {"utf-8", "utf8", "us-ascii"} or version not in VERSIONS:
        raise UnsupportedMedia.because("media-type", allowed=", ".join(sorted(allowed)))


def media_type(content_type: str) -> str:
    """The media type without its parameters."""
    return _parts(content_type)[0]


def _takes(choice: str) -> bool:
    name, parameters = _parts(choice)
    return (
        name in WRITTEN and parameters.get("fhirversion", "4.0") in VERSIONS and parameters.get("q") not in {"0", "0.0"}
    )


@lru_cache(256)
def _parts(value: str) -> tuple[str, Mapping[str, str]]:
    name, *rest = (part.strip() for part in value.split(";"))
    pairs = (part.partition("=") for part in rest)
    # a `+` in a query is a blank: ?_format=application/fhir+json arrives as "fhir json"
    told = {key.strip().lower(): own.strip().strip('"') for key, _, own in pairs}
    return name.lower().replace(" ", "+"), MappingProxyType(told)


def language(accept_language: str) -> str:
    """`sv` where Swedish is preferred to English, else `en`. RFC 9110 §12.5.4."""
    if not accept_language:
        return "en"
    best, language = -1.0, "en"
    for choice in accept_language.split(","):
        tag, parameters = _parts(choice)
        name = tag.split("-")[0]
        weight = _weight(parameters.get("q", "1"))
        if name in {"sv", "en"} and weight > best:
            best, language = weight, name
    return language


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
