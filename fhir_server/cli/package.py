"""`fhir-server package`: the definitions and examples as a FHIR package, which other FHIR tools load.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from fhir_server import __version__
from fhir_server.cli.load import EXAMPLES
from fhir_server.cli.serve import stopped
from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import FOLDERS, read

NAME = "example.fhir-care-plan-server"
INDEXED = ("resourceType", "id", "url", "version", "kind", "type")
"""What the index of a package tells of each of its files."""


def package(
    target: Annotated[Path, typer.Argument(help="The file to write.")] = Path("package.tgz"),
) -> None:
    """Write the definitions of this server as a FHIR package: the same bytes from the same definitions."""
    try:
        target.write_bytes(packed(dict(contents())))
    except OSError as error:
        raise stopped(f"{target} cannot be written: {error.strerror}.") from None
    typer.echo(str(target))


def contents() -> Iterator[tuple[str, bytes]]:
    """The files of the package by their paths in it: ours alone, for what HL7 defined stands in HL7's own package."""
    definitions = dict(sorted(_definitions()))
    yield "package/package.json", _json(manifest())
    yield "package/.index.json", _json({"index-version": 2, "files": [*_index(definitions)]})
    for name, resource in definitions.items():
        yield f"package/{name}", _json(resource)
    for folder in EXAMPLES:
        for name, resource in read(folder):
            yield f"package/example/Bundle-{name}", _json(resource)


def manifest() -> dict[str, Any]:
    """What the package is, and what it rests on."""
    return {
        "name": NAME,
        "version": __version__,
        "description": "Coordinated care planning in Sweden: the SIP and discharge from hospital.",
        "canonical": OURS,
        "url": OURS,
        "title": "FHIR care-plan server",
        "author": "FHIR care-plan server",
        "license": "Apache-2.0",
        "type": "fhir.ig",
        "jurisdiction": "urn:iso:std:iso:3166#SE",
        "fhirVersions": ["4.0.1"],
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of these files, with no time and no owner in it."""
    plain, zipped = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    with gzip.GzipFile(fileobj=zipped, mode="wb", mtime=0, filename="") as gzipped:
        gzipped.write(plain.getvalue())
    return zipped.getvalue()


def _definitions() -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in FOLDERS:
        for name, resource in read(folder):
            if str(resource.get("url", OURS)).startswith(OURS) and "resourceType" in resource:
                yield name, resource


def _index(definitions: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, resource in definitions.items():
        yield {"filename": name} | {member: resource[member] for member in INDEXED if type(resource.get(member)) is str}


def _json(value: Any) -> bytes:
    return msgspec.json.format(encode(value), indent=2) + b"\n"
