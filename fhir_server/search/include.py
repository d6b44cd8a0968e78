"""`_include` and `_revinclude`: which resources come along with those that match.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import BadParameter
from fhir_server.search.modifier import unknown_modifier
from fhir_server.search.parameter import APART, Parameter, Parameters

INCLUDES = frozenset({"_include", "_revinclude"})
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Include:
    """By the reference `parameter` (EVERY: any) of resources of the type `source` (EVERY: any) to what they name, of the type
    `target` ("": any); `reverse`: from what is named to those that name it. `iterate`: also from what came along.
    """

    source: str
    parameter: str
    target: str = ""
    reverse: bool = False
    iterate: bool = False


def include(parameters: Parameters, name: str, value: str) -> Include:
    """What a name and a value ask to come along: `*`, `[type]:*` or `[type]:[reference]`, the last two with a target type or
    without. BadParameter for a type or reference that is not known; from what bears an address back to the canonicals that
    name it leads no way, and what stands apart comes along with nothing.
    """
    code, colon, modifier = name.partition(":")
    if colon and modifier != "iterate":
        raise unknown_modifier(code, modifier, [":iterate"])
    reverse, iterate = code == "_revinclude", bool(colon)
    if value == EVERY:
        return Include(EVERY, EVERY, "", reverse, iterate)
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    known = {} if reverse and source in APART else references_of(parameters, source)
    references = {code: one for code, one in known.items() if one.leads or not reverse}
    allowed = _targets(references, parameter)
    if not allowed or (target and target not in allowed):
        raise BadParameter.because("include", name=code, allowed=", ".join(references) or "-")
    return Include(source, parameter, target, reverse, iterate)


def _targets(references: Mapping[str, Parameter], code: str) -> frozenset[str]:
    """The types that a reference, or all together, may name; none where there is no such reference."""
    asked = references.values() if code == EVERY else [references[code]] if code in references else []
    return frozenset(target for one in asked for target in one.targets or r4().resource_types)


def references_of(parameters: Parameters, type: str) -> Mapping[str, Parameter]:
    """The parameters of a type that are references, and no other name for a chain."""
    return {code: one for code, one in parameters.of(type).items() if one.kind == "reference" and not one.chain}
