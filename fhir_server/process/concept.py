"""The words of a code of ours, for people."""

from typing import Any

from fhir_server.fhir.definitions import by_canonical


def worded_coding(system: str, code: str, language: str) -> dict[str, Any]:
    """A Coding with its words in a language, else in that of its code system; without words where the system has no such code."""
    concepts = by_canonical().get(system, {}).get("concept", ())
    concept = next((it for it in concepts if it["code"] == code), None)
    if concept is None:
        return {"system": system, "code": code}
    words = {it["language"]: it["value"] for it in concept.get("designation", ())}
    return {"system": system, "code": code, "display": words.get(language, concept["display"])}
