"""What the code systems of ours say of a code: its words, for people, and its properties."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fhir_server.fhir.definitions import by_canonical
from fhir_server.fhir.extension import value_of


def worded_coding(system: str, code: str, language: str) -> dict[str, Any]:
    """A Coding with its words in a language, else in that of its code system; without words where the system has no such code."""
    concepts = by_canonical().get(system, {}).get("concept", ())
    concept = next((it for it in concepts if it["code"] == code), None)
    if concept is None:
        return {"system": system, "code": code}
    words = {it["language"]: it["value"] for it in concept.get("designation", ())}
    return {"system": system, "code": code, "display": words.get(language, concept["display"])}


@cache
def properties(system: str, name: str) -> Mapping[str, tuple[Any, ...]]:
    """The values of a property (`value[x]`) by the codes of a system that have it, in the order of the definition."""
    return properties_in(by_canonical()[system], name)


def properties_in(definition: Mapping[str, Any], name: str) -> Mapping[str, tuple[Any, ...]]:
    """Those of a code system that is given."""
    found: dict[str, tuple[Any, ...]] = {}
    for one in definition["concept"]:
        if told := tuple(value_of(it) for it in one.get("property", ()) if it["code"] == name):
            found[one["code"]] = told
    return found
