"""What a profile asks beyond its base, compiled into closures over plain dicts: one closure factory for each kind of rule.

A rule that base R4 keeps anyway is not made, so a profile costs what it adds. What a client posts never comes here: profiles
are definitions of the server. https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.fhir.definitions import r4
from fhir_server.validation.cardinality import Limits, count, counted, limits
from fhir_server.validation.contained import enter, within
from fhir_server.validation.discriminator import Reach
from fhir_server.validation.finding import Context, Findings, Rule, asked, broken, gathered
from fhir_server.validation.occurrence import MISSHAPEN, Occurrence, Read, at, reader
from fhir_server.validation.rules import value_rules
from fhir_server.validation.slicing import Judge, SliceRule, sliced
from fhir_server.validation.snapshot import EVERYTHING, Place

TypeRules: TypeAlias = tuple[tuple[Rule, ...], tuple[Rule, ...]]
NO_RULES: TypeRules = (), ()


class Overlay:
    """Compiles the elements of one profile. BadDefinition for what cannot be kept."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._judges: dict[int, Judge | None] = {}

    def rule(self, root: Place) -> Rule:
        """What the profile asks of an object of its type."""
        (kind,) = root.types
        judge = self._judge(root)

        def rule(node: Any, context: Context) -> Findings:
            return judge(Occurrence(-1, kind, node, node), context) if judge and type(node) is dict else None

        return rule

    def _element(self, place: Place) -> Rule | None:
        """What is asked of an object because of one of its elements; None where nothing is."""
        assert place.row is not None
        asked, read = limits(place), reader(place.row)
        judge, slices = self._judge(place), sliced(place, self._reach, self._judge)
        if judge is None and slices is None:
            return counted(place.row, asked) if asked else None
        return _read(place.name, read, asked, judge, slices)

    def _judge(self, place: Place) -> Judge | None:
        """What is asked of one value; None where nothing is. Made once for a place, which may be met again within itself."""
        if id(place) not in self._judges:
            made: list[Judge | None] = []

            def again(occurrence: Occurrence, context: Context) -> Findings:
                return made[0](occurrence, context) if made[0] else None

            self._judges[id(place)] = again
            made.append(self._made(place))
            self._judges[id(place)] = made[0]
        return self._judges[id(place)]

    def _made(self, place: Place) -> Judge | None:
        steps: list[Judge] = []
        if place.row is not None and place.types != place.row.types:
            steps += _only_types(place)
        by_type = {kind: rules for kind in place.types if (rules := self._of_type(place, kind)) != NO_RULES}
        if by_type:
            steps.append(_by_type(by_type))
        refers = self._judge(place.refers) if place.refers is not None else None
        if refers is not None:
            steps.append(refers)
        judge = steps[0] if len(steps) == 1 else _each(steps) if steps else None
        is_resource = place.row is not None and place.row.types == (EVERYTHING,)
        return _entering(place.name, judge) if judge is not None and is_resource else judge

    def _of_type(self, place: Place, kind: str) -> TypeRules:
        """The rules for values of a type, and for the objects that their elements stand in."""
        return tuple(value_rules(place, kind, self._reach)), tuple(self._inside(place, kind))

    def _inside(self, place: Place, kind: str) -> Iterator[Rule]:
        """What is asked of the elements in a value of a type."""
        table = r4().elements("DomainResource" if kind == EVERYTHING else kind)
        rules = (self._element(child) for child in place.children.values() if child.name in table)
        return (rule for rule in rules if rule is not None)


def _read(name: str, read: Read, asked: Limits, judge: Judge | None, slices: SliceRule | None) -> Rule:
    """What is asked of the number of an element's values, of each, and of its slices."""
    is_counted = bool(asked)

    def rule(node: Any, context: Context) -> Findings:
        there = read(node)
        findings = count(asked, len(there), name) if is_counted else None
        for occurrence in there:
            here = judge(occurrence, context) if judge is not None else None
            if here is not None:
                findings = gathered(findings, at(name, occurrence, here))
        more = slices(there, context) if slices is not None else None
        return findings if more is None else gathered(findings, more)

    return rule


def _each(steps: list[Judge]) -> Judge:
    return lambda occurrence, context: asked(steps, occurrence, context)


def _by_type(rules: Mapping[str, TypeRules]) -> Judge:
    """The rules of a value's type, or where a profile says the same of every resource, those."""
    every = rules.get(EVERYTHING)

    def judge(occurrence: Occurrence, context: Context) -> Findings:
        _, kind, value, node = occurrence
        of_value, of_node = (every if every and kind != MISSHAPEN else rules.get(kind)) or NO_RULES
        return asked(of_node, node, context, asked(of_value, value, context))

    return judge


def _only_types(place: Place) -> Iterator[Judge]:
    """The types that are left of a choice, or of the resources that may stand there."""
    told = place.last("type")
    if told is None:
        return
    allowed, source = frozenset(place.types), told[0].source
    names = ", ".join(place.types)

    def judge(occurrence: Occurrence, _: Context) -> Findings:
        if occurrence.type in allowed or occurrence.type == MISSHAPEN:
            return None
        return broken("profile-type", source, name=place.name, allowed=names)

    yield judge


def _entering(name: str, judge: Judge) -> Judge:
    """What is asked of a resource in another: one that is contained keeps its surroundings, any other has none."""
    contained = name == "contained"

    def entered(occurrence: Occurrence, context: Context) -> Findings:
        node = occurrence.node
        inner = within(node, context) if contained else enter(node, conditional=context.conditional)
        return judge(occurrence, inner)

    return entered
