"""A questionnaire filled in beforehand, by expressions over what is known of a person.

https://hl7.org/fhir/uv/sdc/populate.html: a `variable` of the questionnaire is a search, an `initialExpression` of a question leads from
the Bundle that it finds, or from the person, to the answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.outcome import Issue
from fhir_server.fhir.path import PathError, compile_path
from fhir_server.validation.answers import SILENT, kinds_of, options_of
from fhir_server.validation.enabling import is_same

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
INITIAL = f"{SDC}/sdc-questionnaire-initialExpression"
SOURCE = "https://hl7.org/fhir/uv/sdc/populate.html"
QUERY, PATH = "application/x-fhir-query", "text/fhirpath"
PERSON = "{{%patient.id}}"
"""What stands in a query for the person's id."""
MOST_QUERIES = 20

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known under a name (`patient`, or that of a variable), and its type; of a search a Bundle."""

    type: str
    value: Json


@dataclass(slots=True)
class Filling:
    """Fills in a questionnaire. `fits` says whether a member of an answer may have a value; `issues` tells what could not be filled in, as
    it was met.
    """

    known: Mapping[str, Known]
    fits: Callable[[str, Any], bool]
    issues: list[Issue] = field(default_factory=list)

    def items(self, holder: Json) -> list[dict[str, Any]]:
        """The items of a response, each question in its place, answered or not."""
        return [self._item(one) for one in holder.get("item", ()) if one["type"] != "display"]

    def _item(self, asked: Json) -> dict[str, Any]:
        answers = [] if asked["type"] in SILENT else list(self._answers(asked))
        inner = self.items(asked)
        told = {name: asked[name] for name in ("linkId", "definition", "text") if name in asked}
        if answers and inner:
            answers = [{**one, "item": inner} for one in answers]
        return {**told, **({"answer": answers} if answers else {"item": inner} if inner else {})}

    def _answers(self, asked: Json) -> Iterator[dict[str, Any]]:
        found = _once(self._found(asked))
        answers = [one for value in found if (one := self._answer(value, asked)) is not None]
        if len(answers) < len(found):
            self._lack("form-not-fitting", asked, "information")
        initial = [dict(one) for one in asked.get("initial", ())]
        yield from (answers or initial)[: None if asked.get("repeats") else 1]

    def _found(self, asked: Json) -> list[Any]:
        expression = next((it["valueExpression"] for it in asked.get("extension", ()) if it["url"] == INITIAL), None)
        if expression is None:
            return []
        name, _, path = expression.get("expression", "").partition(".")
        known = self.known.get(name.removeprefix("%")) if name.startswith("%") else None
        if known is None or expression["language"] != PATH:
            return self._lack("form-expression", asked, "warning")
        try:
            return compile_path(path, known.type)(known.value)
        except PathError:
            return self._lack("form-expression", asked, "warning")

    def _answer(self, value: Any, asked: Json) -> dict[str, Any] | None:
        """A value as an answer; None for one of another kind, and for what the question does not offer."""
        options = options_of(asked)
        for member in kinds_of(asked):
            told = _as(value, member)
            offered = not options or any(is_same(told, one) for one in options)
            if told is not None and offered and self.fits(member, told):
                return {member: told}
        return None

    def _lack(self, key: str, asked: Json, severity: str) -> list[Any]:
        said = {"link": asked["linkId"], "allowed": ", ".join(f"%{name}" for name in self.known)}
        self.issues.append(Issue("not-found", key, "Questionnaire", said, severity, SOURCE))
        return []


def variables_in(questionnaire: Json) -> dict[str, str]:
    """The searches of a questionnaire by their names; "" for one that is no search of ours."""
    found = [it["valueExpression"] for it in questionnaire.get("extension", ()) if it["url"] == VARIABLE]
    named = [it for it in found if "name" in it][:MOST_QUERIES]
    return {it["name"]: it.get("expression", "") if it["language"] == QUERY else "" for it in named}


def _once(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for one in values:
        if one not in found:
            found.append(one)
    return found


def _as(value: Any, member: str) -> Any:
    """A value of the kind that a member holds; None for another."""
    if member in {"valueString", "valueUri", "valueDateTime", "valueTime"}:
        return value if isinstance(value, str) and value.strip() else None
    if member == "valueDate":
        return value[:10] if isinstance(value, str) else None
    if member == "valueBoolean":
        return value if isinstance(value, bool) else None
    if member in {"valueInteger", "valueDecimal"}:
        return value if not isinstance(value, (bool, str, dict)) else None
    if member == "valueCoding" and isinstance(value, dict) and value.get("coding"):
        value = value["coding"][0]
    needs = {
        "valueCoding": "code",
        "valueReference": "reference",
        "valueQuantity": "value",
        "valueAttachment": "contentType",
    }
    return value if isinstance(value, dict) and needs[member] in value else None
