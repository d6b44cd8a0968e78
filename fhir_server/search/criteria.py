"""From one parameter of a search, its name and its value, to the criterion that it sets.

`subject:Patient.name=…` is a chain, `_has:Task:focus:status=…` a chain that is walked backwards; each may have further hops.
https://hl7.org/fhir/R4/search.html#chaining https://hl7.org/fhir/R4/search.html#has
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fhir_server.fhir.outcome import BadParameter, Issue, repeated
from fhir_server.search.filter import compared, filtered
from fhir_server.search.modifier import (
    ID,
    asked,
    identity,
    missing,
    refuse_modifier,
    refuse_type,
    unknown_modifier,
)
from fhir_server.search.parameter import APART, Parameter, Parameters
from fhir_server.search.query import Criterion, Linked, LinkedFrom, Some, Without, every, some
from fhir_server.search.values.escape import split

MOST_HOPS = 5
"""So many resources a chain may lead through."""
MOST_WAYS = 50
"""So many ways a hop of a chain may go, where the type of what it leads through is left open."""
MOST_COMPARED = 2000
"""So many comparisons a search may ask for in all."""

HAS, LIST, FILTER = "_has", "_list", "_filter"
COMMON = (HAS, LIST, FILTER)
"""Parameters of every type that no definition of HL7's describes."""
URL, VERSION = "url", "version"
TURNED = {":not": "", ":not-in": ":in"}
"""Modifiers that ask the opposite of another: none of the values is as asked."""


class UnknownParameter(Exception):
    """No parameter of this name is defined for the type; a lenient caller has it passed over."""

    def __init__(self, name: str, type: str, allowed: Iterable[str]) -> None:
        super().__init__(name)
        self._said = {"name": repeated(name), "type": type, "allowed": ", ".join(allowed)}

    def issue(self, severity: str = "error") -> Issue:
        """What is said of it."""
        return Issue("not-supported", "unknown-parameter", said=self._said, severity=severity, source=BadParameter.spec)


@dataclass(slots=True)
class Allowance:
    """How many comparisons a search may still ask for."""

    left: int = MOST_COMPARED

    def spend(self, count: int) -> None:
        """BadParameter where there are not so many left."""
        self.left -= count
        if self.left < 0:
            raise BadParameter.because("too-many-comparisons", limit=MOST_COMPARED)


@dataclass(frozen=True, slots=True)
class Way:
    """How far a chain has come; within `_filter`, the operation that stands at its end; and what the search may still ask."""

    hops: int = 0
    operation: str = ""
    allowance: Allowance = field(default_factory=Allowance)

    def further(self) -> "Way":
        """One resource further. BadParameter where that is too far."""
        if self.hops == MOST_HOPS:
            raise BadParameter.because("chain-too-long", limit=MOST_HOPS)
        return replace(self, hops=self.hops + 1)


class Criteria:
    """Reads the criteria of searches on a server of this base (without a slash at its end)."""

    def __init__(self, parameters: Parameters, base: str) -> None:
        self._parameters = parameters
        self._base = base

    def known(self, type: str) -> Mapping[str, Parameter]:
        """The parameters of a type by code."""
        return self._parameters.of(type)

    def criterion(self, type: str, name: str, value: str, way: Way) -> Criterion:
        """What a name and a value, both decoded, ask of the resources of a type. UnknownParameter, BadParameter."""
        if name.partition(":")[0] in COMMON and (name.startswith(f"{HAS}:") or not way.operation):
            return self._common(type, name, value, way)
        head, dot, rest = name.partition(".")
        code, colon, modifier = head.partition(":")
        parameter = self.known(type).get(code)
        if parameter is None:
            raise UnknownParameter(name, type, (*self.known(type), *COMMON))
        if parameter.chain:
            return self._alias(type, parameter, name, value, way)
        if dot:
            return self._chain(parameter, modifier, rest, value, way)
        if colon:
            refuse_modifier(parameter, modifier)
        return self._met(type, parameter, modifier, value, way)

    # -------------------------------------------------------------------------------------------- values

    def _met(self, type: str, parameter: Parameter, modifier: str, value: str, way: Way) -> Criterion:
        values = [value] if way.operation else split(value, ",")
        way.allowance.spend(len(values))

        def ask(modifier: str, one: str) -> Criterion:
            versioned = None if modifier else self._of_version(type, parameter, one)
            found = versioned or asked(parameter, modifier, one, self._base)
            way.allowance.spend(len(found.parts) if isinstance(found, Some) else 0)
            return found

        if way.operation:
            return compared(parameter, modifier, way.operation, value, ask)
        if modifier == "missing":
            return missing(parameter, value)
        found = identity(ID, values) if parameter.code == ID else some(*(ask(modifier, one) for one in values))
        return Without(found) if f":{modifier}" in TURNED else found

    def _of_version(self, type: str, parameter: Parameter, value: str) -> Criterion | None:
        """What `url|version` asks of a definition; None for any other value. https://hl7.org/fhir/R4/search.html#uri"""
        parts = split(value, "|")
        version = self.known(type).get(VERSION)
        if parameter.code != URL or version is None or len(parts) == 1:
            return None
        return every(asked(parameter, "", parts[0], self._base), asked(version, "", "|".join(parts[1:]), self._base))

    # -------------------------------------------------------------------------------------------- chains

    def _alias(self, type: str, parameter: Parameter, name: str, value: str, way: Way) -> Criterion:
        """A name of ours for a chain. What asks the opposite asks it of the whole chain: to be without a participant is to have
        no team with one.
        """
        chain, rest = parameter.chain, name.removeprefix(parameter.code)
        if rest in TURNED:
            return Without(self.criterion(type, chain + TURNED[rest], value, way))
        absent = {":missing": "true", "pr": "false"}.get(way.operation or rest)
        if absent == value:
            there = "false" if rest else "true"
            return Without(self.criterion(type, chain + rest, there, way))
        return self.criterion(type, chain + rest, value, way)

    def _chain(self, parameter: Parameter, modifier: str, rest: str, value: str, way: Way) -> Criterion:
        if not parameter.leads:
            raise BadParameter.because("chain-reference", name=parameter.code)
        if modifier:
            refuse_type(parameter, modifier)
        ways, unknown = list[Criterion](), list[UnknownParameter]()
        for type in [modifier] if modifier else self._targets(parameter):
            way.allowance.spend(1)
            try:
                ways.append(Linked(parameter.code, type, self.criterion(type, rest, value, way.further())))
            except UnknownParameter as error:
                unknown.append(error)
            if len(ways) > MOST_WAYS:
                raise BadParameter.because("chain-too-wide", name=parameter.code, limit=MOST_WAYS)
        if not ways:
            raise unknown[0]
        return some(*ways)

    def _targets(self, parameter: Parameter) -> Iterable[str]:
        """The types that a reference may lead to, but for those that stand apart; one that may lead anywhere leads nowhere
        without a type.
        """
        if not parameter.targets:
            raise BadParameter.because("chain-type", name=parameter.code)
        return [target for target in parameter.targets if target not in APART] or parameter.targets

    # -------------------------------------------------------------------------------------------- parameters of all types

    def _common(self, type: str, name: str, value: str, way: Way) -> Criterion:
        code, colon, modifier = name.partition(":")
        if code == HAS:
            return self._has(type, name, value, way)
        if colon:
            raise unknown_modifier(code, modifier)
        if code == LIST:
            return LinkedFrom("List", "item", identity(LIST, split(value, ",")))
        return self._filtered(type, value, way)

    def _filtered(self, type: str, value: str, way: Way) -> Criterion:
        """No part of an expression is passed over: what is left would ask for more than was asked."""
        try:
            return filtered(type, value, _Reader(self, way))
        except UnknownParameter as unknown:
            raise BadParameter(unknown.issue()) from None

    def _has(self, type: str, name: str, value: str, way: Way) -> Criterion:
        parts = name.split(":", 3)
        if len(parts) < 4 or not self.known(parts[1]):  # noqa: PLR2004  # _has, type, reference, what it must meet
            raise BadParameter.because("has-form")
        _, source, code, rest = parts
        parameter = self.known(source).get(code)
        if parameter is None or not parameter.leads or type not in (parameter.targets or {type}):
            raise BadParameter.because("has-reference", name=repeated(code), source=source, type=type)
        return LinkedFrom(source, code, self.criterion(source, rest, value, way.further()))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts of a `_filter`, from where a chain has come to."""

    criteria: Criteria
    way: Way

    def reference(self, type: str, path: str) -> tuple[Parameter, str] | None:
        """The reference that a path names, and the one type that it leads to; None where it is none, or leads to several."""
        code, _, target = path.partition(":")
        parameter = self.criteria.known(type).get(code)
        if parameter is None or not parameter.leads:
            return None
        if target:
            refuse_type(parameter, target)
        return (parameter, target or parameter.targets[0]) if target or len(parameter.targets) == 1 else None

    def further(self) -> "_Reader":
        """The same, one resource further."""
        return replace(self, way=self.way.further())

    def compared(self, type: str, path: str, operation: str, value: str) -> Criterion:
        """What an operation and a value ask of what a path leads to."""
        return self.criteria.criterion(type, path, value, replace(self.way, operation=operation))
