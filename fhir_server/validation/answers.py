"""A QuestionnaireResponse held to the Questionnaire that it answers: what was asked, in its place, of its kind, and not left out.

https://hl7.org/fhir/R4/questionnaireresponse.html#notes
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.extension import value_of
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.enabling import is_enabled, is_same

Json = Mapping[str, Any]
HasCoding = Callable[[str, str, str], bool | None]
"""Whether a value set (by its canonical) has a code of a system; None where nobody can say."""

SOURCE = "https://hl7.org/fhir/R4/questionnaireresponse.html#notes"
FINISHED = frozenset({"completed", "amended"})
"""The statuses in which nothing that is required is missing. https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html"""
SILENT = frozenset({"group", "display"})
"""The kinds of item that nobody answers."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal",),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri",),
    "choice": ("valueCoding",),
    "open-choice": ("valueCoding", "valueString"),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
}
"""Of each kind of question the members that may answer it. https://hl7.org/fhir/R4/valueset-item-type.html"""


def answer_issues(response: Json, questionnaire: Json, has: HasCoding) -> tuple[Issue, ...]:
    """All that keeps a valid response from answering a valid questionnaire; what is required only where the response is finished."""
    return tuple(_Answers(response, has).items(response, questionnaire, "QuestionnaireResponse"))


def kinds_of(question: Json) -> tuple[str, ...]:
    """The members that may answer a question: of a choice what its options are."""
    options = tuple(dict.fromkeys(_member(one) for one in question.get("answerOption", ())))
    own = KINDS.get(question["type"], ())
    return (*options, *own[1:]) if options else own


def options_of(question: Json) -> list[Any]:
    """The values that a question may be answered by; none: any of its kind."""
    return [value_of(one) for one in question.get("answerOption", ())]


class _Answers:
    """Goes through a response beside its questionnaire."""

    def __init__(self, response: Json, has: HasCoding) -> None:
        self._response, self._has = response, has
        self._is_finished = response["status"] in FINISHED

    def items(self, holder: Json, asking: Json, at: str) -> Iterator[Issue]:
        """What is wrong with the items of a response, a group or an answer."""
        asked = {one["linkId"]: one for one in asking.get("item", ())}
        given = list(enumerate(holder.get("item", ())))
        times = Counter(one["linkId"] for _, one in given)
        for number, one in given:
            place, question = f"{at}.item[{number}]", asked.get(one["linkId"])
            if question is None:
                yield _issue("form-unknown-item", f"{place}.linkId", allowed=", ".join(asked) or "-")
                continue
            if times[one["linkId"]] > 1 and not (question["type"] == "group" and question.get("repeats")):
                yield _issue("form-item-twice", place)
            yield from self._item(one, question, place)
        yield from self._missing(asked.values(), [one for _, one in given], at)

    def _item(self, item: Json, question: Json, at: str) -> Iterator[Issue]:
        answers = item.get("answer", ())
        if answers and question["type"] in SILENT:
            yield _issue("form-no-question", f"{at}.answer", kind=question["type"])
            return
        if len(answers) > 1 and not question.get("repeats"):
            yield _issue("form-one-answer", f"{at}.answer")
        for number, answer in enumerate(answers):
            place = f"{at}.answer[{number}]"
            yield from self._answer(answer, question, place)
            yield from self.items(answer, question, place)
        if question["type"] in SILENT or (not answers and item.get("item")):
            yield from self.items(item, question, at)

    def _answer(self, answer: Json, question: Json, at: str) -> Iterator[Issue]:
        allowed, member = kinds_of(question), _member(answer)
        if member and member not in allowed:
            yield _issue("form-answer-kind", at, allowed=", ".join(allowed))
        elif member and not self._is_offered(answer[member], member, question):
            yield _issue(
                "form-answer-option", f"{at}.{member}", allowed=question.get("answerValueSet") or _worded(question)
            )

    def _is_offered(self, value: Any, member: str, question: Json) -> bool:
        """A choice is one of its options; an open one may be said in words."""
        if question["type"] not in {"choice", "open-choice"}:
            return True
        if question["type"] == "open-choice" and member == "valueString":
            return True
        options = options_of(question)
        if options:
            return any(is_same(value, one) for one in options)
        canonical = question.get("answerValueSet", "").partition("|")[0]
        if not canonical or member != "valueCoding" or "code" not in value:
            return True
        return self._has(canonical, value.get("system", ""), value["code"]) is not False

    def _missing(self, asked: Iterable[Json], given: Sequence[Json], at: str) -> Iterator[Issue]:
        if not self._is_finished:
            return
        answered = {one["linkId"] for one in given if _says_something(one)}
        for one in asked:
            is_asked = one.get("required") is True and is_enabled(one, self._response)
            if is_asked and one["type"] != "display" and one["linkId"] not in answered:
                yield _issue("form-unanswered", at, link=one["linkId"])


def _says_something(item: Json) -> bool:
    return any(_member(one) for one in item.get("answer", ())) or any(map(_says_something, item.get("item", ())))


def _member(holder: Json) -> str:
    return next((name for name in holder if name.startswith("value")), "")


def _worded(question: Json) -> str:
    """The options, as codes or as they stand: they are the questionnaire's, and nobody's."""
    told = (one.get("code") or one.get("reference") if isinstance(one, dict) else one for one in options_of(question))
    return ", ".join(str(one) for one in told)


def _issue(key: str, at: str, **said: str) -> Issue:
    return Issue("required" if key == "form-unanswered" else "value", key, at, said, source=SOURCE)
