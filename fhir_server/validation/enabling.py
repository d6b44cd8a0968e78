"""Whether a question is asked at all, by what has been answered: `Questionnaire.item.enableWhen`.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Any

from fhir_server.fhir.extension import value_of

Json = Mapping[str, Any]
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}


def is_enabled(item: Json, response: Json) -> bool:
    """Whether an item of a questionnaire is to be answered in a response; one without conditions is."""
    conditions = item.get("enableWhen", ())
    held = [_holds(one, response) for one in conditions]
    return not held or (all(held) if item.get("enableBehavior") == "all" or len(held) == 1 else any(held))


def _holds(condition: Json, response: Json) -> bool:
    given = list(_answers(response, condition["question"]))
    wanted = next((value for name, value in condition.items() if name.startswith("answer")), None)
    if condition["operator"] == "exists":
        return bool(given) is wanted
    if condition["operator"] == "!=":
        return not any(is_same(one, wanted) for one in given)
    if condition["operator"] == "=":
        return any(is_same(one, wanted) for one in given)
    return any(_is_before(one, wanted, _ORDERED[condition["operator"]]) for one in given)


def _answers(holder: Json, link: str) -> Iterator[Any]:
    """The values that answer a question, wherever it stands."""
    for item in holder.get("item", ()):
        for answer in item.get("answer", ()):
            value = value_of(answer)
            if item["linkId"] == link and value is not None:
                yield value
            yield from _answers(answer, link)
        yield from _answers(item, link)


def is_same(value: Any, wanted: Any) -> bool:
    """Whether an answer is the one that a questionnaire names, whatever words stand with it."""
    if isinstance(value, dict) and isinstance(wanted, dict):
        return all(value.get(name) == wanted.get(name) for name in wanted if name != "display")
    return bool(value == wanted)


def _is_before(value: Any, wanted: Any, holds: Callable[[Any, Any], bool]) -> bool:
    """Quantities by their values; what cannot be compared does not hold."""
    own, other = (it.get("value") if isinstance(it, dict) else it for it in (value, wanted))
    try:
        return holds(own, other)
    except TypeError:
        return False
