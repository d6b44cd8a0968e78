"""The least and the greatest value that a profile lets an element have, both included.

What cannot be compared is let be: a year beside a day in it, quantities of two units.
https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.minValue_x_
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir import codec
from fhir_server.fhir.definitions import BadDefinition, of_type
from fhir_server.fhir.path.compare import TEMPORAL, compared
from fhir_server.validation.finding import Context, Findings, Rule, broken
from fhir_server.validation.snapshot import Place, Statement

OUTSIDE = {"minValue": ("profile-below", -1), "maxValue": ("profile-above", 1)}
"""By member: what is said of a value that lies outside, and how it then stands to the limit."""


def extremes(place: Place, kind: str) -> Iterator[Rule]:
    """The limits of the values of an element that have a type. BadDefinition for a limit of another type than the element's:
    a duration, which counts from a clock that is not here.
    """
    for member, (key, sign) in OUTSIDE.items():
        _refuse_others(place, member)
        told = place.last(of_type(member, kind))
        if told is not None:
            yield _limited(told[1], told[0], place.name, kind, key, sign)


def _refuse_others(place: Place, member: str) -> None:
    own = {of_type(member, kind) for kind in (place.row.types if place.row else ())}
    for statement in place.said:
        for other in statement.content:
            if other.startswith(member) and other not in own:
                raise BadDefinition(f"{statement.id}: {other} is not of a type of the element, and not read")


def _limited(limit: Any, statement: Statement, name: str, kind: str, key: str, outside: int) -> Rule:
    temporal = kind in TEMPORAL
    if compared(limit, limit, temporal=temporal) is None:
        raise BadDefinition(f"{statement.id}: its limit is no {kind} that anything can be compared with")
    shown = limit if type(limit) is str else codec.encode(limit).decode()

    def rule(value: Any, _: Context) -> Findings:
        if compared(value, limit, temporal=temporal) != outside:
            return None
        return broken(key, statement.source, name=name, limit=shown)

    return rule
