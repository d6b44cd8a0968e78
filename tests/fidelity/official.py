"""HL7's own examples of R4: the package hl7.fhir.r4.examples 4.0.1 (CC0), which is fetched and never kept beside the code."""

import tarfile
from collections import defaultdict
from io import BytesIO
from pathlib import Path

from tests.npm import Package, packed

NAMED = "R4_EXAMPLES"
LEFT_OUT = "NO OFFICIAL EXAMPLES"
PACKAGE = Package(
    name="hl7.fhir.r4.examples",
    version="4.0.1",
    sha256="dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682",
    named=NAMED,
    mark=LEFT_OUT,
    lost="none of HL7's own examples was sent to the server",
)
NOT_AN_EXAMPLE = {"package.json", "ig-r4.json", ".index.json"}

Examples = dict[str, dict[str, bytes]]
"""The JSON of each example as it was written, by resource type and id."""


def examples(folder: Path) -> Examples:
    """All examples of the package, which is kept in the folder. Skips the test, loudly, where it cannot be had."""
    found: Examples = defaultdict(dict)
    with tarfile.open(fileobj=BytesIO(packed(PACKAGE, folder))) as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and name not in NOT_AN_EXAMPLE:
                kind, _, id = name.removesuffix(".json").partition("-")
                content = archive.extractfile(member)
                assert content is not None
                found[kind][id] = content.read()
    return found
