"""Every issue of a resource at once, each with its place.

    Validator(load_profiles()).issues(resource)

Base R4 complete: structure, cardinality, choices, primitives, required bindings, references, contained resources,
extensions, the narrative, and the official constraints. Then every profile in `meta.profile` that the server knows, and those
demanded. https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.fhir.definitions import r4
from fhir_server.fhir.outcome import Issue
from fhir_server.validation.contained import enter, resource_type, untyped
from fhir_server.validation.finding import Context, Finding, Findings, below, found
from fhir_server.validation.profile import Profiles
from fhir_server.validation.structure import Types

MOST_ISSUES = 1000
"""What an answer carries at most; a body can be wrong in far more places than anyone will read."""


class Validator:
    """Holds the compiled types and profiles: one is enough for the whole server, and may be used by several threads. Without
    profiles it knows base R4 alone.
    """

    def __init__(self, profiles: Profiles | None = None) -> None:
        self.profiles = profiles or Profiles()
        self._types = Types(self.profiles)

    def issues(self, resource: Any, *, type: str | None = None, profiles: Iterable[str] = ()) -> tuple[Issue, ...]:
        """All that is wrong with a value as the codec decoded it, in the order of the document; empty: nothing.

        `type` is what it must be: a resource type, or a datatype, whose values do not say what they are. Without it any
        resource is taken. `profiles` are canonicals that it is held to besides those that it claims. An issue of severity warning
        does not block. Raises nothing, whatever the value (KeyError where `type` is none of R4's, or a profile is not known).
        """
        try:
            findings = self._findings(resource, type, tuple(profiles))
        except RecursionError:
            findings = found("too-deep", limit=64)
        return tuple(finding.as_issue() for finding in _bounded(findings)) if findings else ()

    def _findings(self, node: Any, expected: str | None, profiles: tuple[str, ...]) -> Findings:
        if expected is not None and expected not in r4().resource_types:
            return _at(expected, self._types.judge(expected, node, Context({}, {}), profiles))
        kind = resource_type(node)
        if kind is None:
            return untyped(node)
        if expected not in {None, kind}:
            return found("type-mismatch", expected=expected)
        return _at(kind, self._types.judge(kind, node, enter(node), profiles))


def _at(root: str, findings: Findings) -> Findings:
    return below(root, findings) if findings else None


def _bounded(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= MOST_ISSUES:
        return findings
    rest = found("too-many-issues", limit=MOST_ISSUES)
    rest[0].severity = "information"
    return findings[:MOST_ISSUES] + rest
