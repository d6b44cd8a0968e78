"""What a check hands upwards when something is wrong, and what it may know of the resource around it.

A check returns None where nothing is wrong, so that the usual case builds nothing. Where something is, each parent
puts its own step before the path of the findings on their way up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.fhir.outcome import Issue

R4 = "https://hl7.org/fhir/R4"
JSON, TYPES, EXTENSIONS = f"{R4}/json.html", f"{R4}/datatypes.html", f"{R4}/extensibility.html"
PROFILING = f"{R4}/profiling.html"
REFERENCES, TERMINOLOGIES, NARRATIVE = f"{R4}/references.html", f"{R4}/terminologies.html", f"{R4}/narrative.html"

KINDS: dict[str, tuple[str, str]] = {
    "not-a-resource": ("structure", JSON),
    "no-such-resource-type": ("structure", f"{R4}/resourcelist.html"),
    "type-mismatch": ("invalid", f"{R4}/http.html"),
    "unknown-element": ("structure", f"{JSON}#representation"),
    "unknown-member": ("structure", f"{JSON}#representation"),
    "not-object": ("structure", JSON),
    "not-array": ("structure", JSON),
    "not-single": ("structure", JSON),
    "null": ("structure", f"{JSON}#null"),
    "empty-object": ("structure", JSON),
    "empty-array": ("structure", JSON),
    "no-value": ("invariant", "ele-1"),
    "missing": ("required", f"{R4}/conformance-rules.html#cardinality"),
    "missing-choice": ("required", f"{R4}/formats.html#choice"),
    "choice-twice": ("structure", f"{R4}/formats.html#choice"),
    "sibling-length": ("structure", f"{JSON}#primitive"),
    "extension-content": ("invariant", "ext-1"),
    "code-not-allowed": ("code-invalid", f"{TERMINOLOGIES}#required"),
    "concept-not-allowed": ("code-invalid", f"{TERMINOLOGIES}#required"),
    "reference-form": ("value", f"{REFERENCES}#literal"),
    "reference-target": ("structure", f"{REFERENCES}#Reference"),
    "reference-type-differs": ("value", f"{REFERENCES}#type"),
    "fragment-unresolved": ("not-found", "ref-1"),
    "contained-nested": ("invariant", "dom-2"),
    "contained-unused": ("invariant", "dom-3"),
    "contained-versioned": ("invariant", "dom-4"),
    "contained-labelled": ("invariant", "dom-5"),
    "contained-without-id": ("required", f"{REFERENCES}#contained"),
    "contained-id-twice": ("structure", f"{REFERENCES}#contained"),
    "narrative-form": ("invariant", "txt-1"),
    "narrative-root": ("invariant", "txt-1"),
    "narrative-element": ("invariant", "txt-1"),
    "narrative-attribute": ("invariant", "txt-1"),
    "narrative-link": ("invariant", "txt-1"),
    "narrative-empty": ("invariant", "txt-2"),
    "profile-unknown": ("not-found", f"{R4}/resource.html#Meta"),
    "profile-other-type": ("invalid", f"{R4}/resource.html#Meta"),
    "modifier-unknown": ("extension", f"{EXTENSIONS}#modifierExtension"),
    "too-deep": ("too-costly", JSON),
    "too-many-issues": ("informational", f"{R4}/operationoutcome.html"),
}
"""The issue code of each key of `wording.MESSAGES` used here, and the constraint or paragraph that it rests on."""

PROFILED: dict[str, str] = {
    "profile-missing": "required",
    "profile-too-few": "required",
    "profile-forbidden": "structure",
    "profile-too-many": "structure",
    "profile-slice-missing": "required",
    "profile-slice-too-few": "required",
    "profile-slice-forbidden": "structure",
    "profile-slice-too-many": "structure",
    "profile-slice-none": "structure",
    "profile-slice-order": "structure",
    "profile-slice-last": "structure",
    "profile-fixed": "value",
    "profile-pattern": "value",
    "profile-too-long": "too-long",
    "profile-below": "value",
    "profile-above": "value",
    "profile-type": "structure",
    "profile-of-type": "structure",
    "profile-target": "structure",
    "profile-of-target": "structure",
    "profile-code": "code-invalid",
    "profile-concept": "code-invalid",
    "profile-code-advised": "code-invalid",
    "profile-concept-advised": "code-invalid",
    "profile-constraint": "invariant",
    "profile-constraint-advised": "invariant",
    "extension-context": "extension",
    "extension-modifies": "extension",
    "extension-modifies-not": "extension",
    "extension-part": "extension",
}
"""The issue code of each key that rests on a profile, whose canonical and element the issue then names."""


SHAPES = frozenset({"not-a-resource", "not-object", "not-array", "not-single", "null", "empty-object", "empty-array"})
"""Keys of what has the wrong JSON shape; a value of the wrong JSON type is told by its code."""


@dataclass(slots=True)
class Finding:
    """One thing that is wrong, `path` being its place below whoever holds it: "" or ".name" or "[0].name"."""

    key: str
    said: Mapping[str, Any]
    code: str
    source: str
    path: str = ""
    severity: str = "error"

    def as_issue(self) -> Issue:
        """The issue that leaves the validation."""
        return Issue(self.code, self.key, self.path, self.said, self.severity, self.source)


Findings: TypeAlias = list[Finding] | None


@dataclass(slots=True)
class Context:
    """What a check may know beside the node it looks at.

    `resource` is %resource. `contained` gives the type of each contained resource by its id; `mentions` collects the
    fragments (`#id`) that something points at. `container` is the resource around a contained one;
    `conditional` says that references may be conditional (a transaction resolves them); `profiled` that the resource is
    held to a profile, so that what is not known in it is not let through. `judged` is which node keeps to which profile, as far as
    somebody asked: contained resources may point at each other, in circles too.
    """

    resource: dict[str, Any]
    contained: Mapping[str, str]
    mentions: set[str] = field(default_factory=set)
    container: dict[str, Any] | None = None
    conditional: bool = False
    profiled: bool = False
    judged: dict[tuple[int, str], bool] = field(default_factory=dict)


Check: TypeAlias = Callable[[Any, Context, Any], Findings]
"""Looks at one value; the object in whose member it stands comes last."""

Demand: TypeAlias = Callable[[dict[str, Any], Context], Findings]
"""Looks at an object as a whole."""

Rule: TypeAlias = Callable[[Any, Context], Findings]
"""What a profile says of one value, of the JSON type that it should have."""


def found(key: str, path: str = "", **said: Any) -> list[Finding]:
    """One finding."""
    code, source = KINDS[key]
    return [Finding(key, said, code, source, path)]


def broken(key: str, source: str, path: str = "", /, **said: Any) -> list[Finding]:
    """One finding about what a profile says; `source` is `canonical#element` or `canonical#constraint`."""
    severity = "warning" if key.endswith("-advised") else "error"
    return [Finding(key, {"profile": source.partition("#")[0], **said}, PROFILED[key], source, path, severity)]


def is_blocked(findings: Findings) -> bool:
    """Whether one of the findings is an error."""
    return findings is not None and any(finding.severity == "error" for finding in findings)


def below(step: str, findings: list[Finding]) -> list[Finding]:
    """The findings seen from the parent: its step before each path."""
    for finding in findings:
        finding.path = step + finding.path
    return findings


def gathered(findings: Findings, more: list[Finding]) -> list[Finding]:
    """What was found so far, and more."""
    if findings is None:
        return more
    findings += more
    return findings


def asked(rules: Iterable[Rule], value: Any, context: Context, findings: Findings = None) -> Findings:
    """What was found so far, and what each of the rules finds in a value."""
    for rule in rules:
        here = rule(value, context)
        if here is not None:
            findings = gathered(findings, here)
    return findings


def is_name(name: str) -> bool:
    """Whether a member's name looks like one of FHIR's, and so may be repeated in an issue."""
    return len(name) <= 64 and name.isascii() and name.isidentifier()  # noqa: PLR2004  no element's name is as long


def is_misshapen(findings: Findings) -> bool:
    """Whether something has not even the JSON shape it should have, so that nothing else can be asked of it."""
    return findings is not None and any(
        finding.key in SHAPES or (finding.code == "structure" and finding.key.startswith("value-"))
        for finding in findings
    )
