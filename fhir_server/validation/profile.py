"""The profiles that a server knows: found by their canonicals, other names of theirs included, and compiled when first met.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.fhir.definitions import CORE, BadDefinition, every, r4
from fhir_server.validation.codes import ValueSets
from fhir_server.validation.demand import Demand, demands
from fhir_server.validation.finding import Context, Findings, Rule, below, found, gathered
from fhir_server.validation.overlay import Overlay
from fhir_server.validation.snapshot import Place, elements, is_element, tree
from fhir_server.validation.target import Target

ACCEPTED = structure("accepted-canonical")
"""The extension that names other canonicals of a profile, as HL7 Sweden and Inera have them."""
UNKNOWN = "profile-unknown"


class Profile:
    """One profile. `chain` is what it is based on, the profile on the bare type first and itself last."""

    def __init__(self, definition: Mapping[str, Any], profiles: "Profiles") -> None:
        self.definition = definition
        self.canonical: str = definition["url"]
        self.type: str = definition["type"]
        self.version: str = definition.get("version", "")
        self._profiles = profiles
        self._root: Place | None = None
        self._rule: Rule | None = None

    def chain(self) -> tuple["Profile", ...]:
        """The profiles that this one is based on, and itself. BadDefinition where one is missing or they go in a circle."""
        found = [self]
        while (base := self._profiles.base(found[0])) is not None:
            if base in found:
                raise BadDefinition(f"{self.canonical}: it is based on itself")
            if base.type != self.type:
                raise BadDefinition(f"{self.canonical}: it is about {self.type}, its base about {base.type}")
            found.insert(0, base)
        return tuple(found)

    @property
    def root(self) -> Place:
        """All that it says. BadDefinition for what R4 does not have."""
        if self._root is None:
            try:
                self._root = tree(self.type, [profile.definition for profile in self.chain()])
            except BadDefinition as error:
                raise BadDefinition(f"{self.canonical}: {error}") from None
        return self._root

    def compile(self) -> Rule:
        """What it asks of a value beyond base R4; made once. BadDefinition for what cannot be kept."""
        if self._rule is None:
            try:
                self._rule = Overlay(self._profiles).rule(self.root)
            except BadDefinition as error:
                raise BadDefinition(f"{self.canonical}: {error}") from None
        return self._rule

    def findings(self, node: Any, context: Context) -> Findings:
        """What is wrong with a value of its type, beyond base R4."""
        return (self._rule or self.compile())(node, context)


class Profiles:
    """The profiles among definitions (StructureDefinitions; ValueSets and CodeSystems for what they bind to), with R4's own
    SimpleQuantity and MoneyQuantity. BadDefinition where two have one canonical.
    """

    def __init__(self, definitions: Iterable[Mapping[str, Any]] = ()) -> None:
        ours = list(definitions)
        self.value_sets = ValueSets(ours)
        self._known: dict[str, Profile] = {}
        self._accepted: dict[str, Profile] = {}
        self._demands: dict[str, list[Demand]] = {}
        for definition in filter(_is_profile, ours):
            if missing := [name for name in ("url", "type", "baseDefinition") if name not in definition]:
                raise BadDefinition(f"{definition.get('id')}: it has no {missing[0]}")
            self._add(Profile(definition, self))
        self.own = tuple(self._known.values())
        for definition in r4().profiles:
            self._known.setdefault(definition["url"], Profile(definition, self))

    def _add(self, profile: Profile) -> None:
        if profile.canonical in self._known:
            raise BadDefinition(f"{profile.canonical}: two profiles have this canonical")
        self._known[profile.canonical] = profile
        self._demands.setdefault(profile.type, []).extend(demands(profile.definition))
        for other in _accepted(profile.definition):
            if other in self._accepted or other in self._known:
                raise BadDefinition(f"{profile.canonical}: {other} names another profile too")
            self._accepted[other] = profile

    @property
    def canonicals(self) -> tuple[str, ...]:
        """The canonicals of the profiles on resources, sorted: what a resource may claim."""
        return tuple(sorted(own.canonical for own in self.own if own.type in r4().resource_types))

    def find(self, canonical: str) -> Profile | None:
        """The profile with a canonical, `url` or `url|version`, its own or one that is accepted for it."""
        url, _, version = canonical.partition("|")
        own = self._known.get(url)
        if own is not None and version in {"", own.version}:
            return own
        return self._accepted.get(canonical) or self._accepted.get(url)

    def has(self, canonical: str) -> bool:
        """Whether a resource can be held to what a canonical names: a profile, or a type of R4."""
        return self.find(canonical) is not None or bool(_bare_type(canonical))

    def of(self, kind: str, node: Any, demanded: Iterable[str]) -> tuple[Sequence[Profile], Findings]:
        """The profiles that a resource is held to: those that it claims, those demanded here, and those demanded of what it is
        of. What another of them is based on is left out. Beside them what is doubtful about the claims. KeyError where one demanded is not known.
        """
        meta = node.get("meta") if type(node) is dict else None
        claimed = meta.get("profile") if type(meta) is dict else None
        demanded = (*demanded, *self._demanded(kind, node)) if self._demands.get(kind) else tuple(demanded)
        if type(claimed) is not list and not demanded:
            return (), None
        held: dict[str, Profile] = {}
        doubts: Findings = None
        for place, canonical in enumerate(claimed if type(claimed) is list else ()):
            doubt = self._hold(held, kind, canonical) if type(canonical) is str else None
            doubts = gathered(doubts, below(f".meta.profile[{place}]", doubt)) if doubt else doubts
        for canonical in demanded:
            doubt = self._hold(held, kind, canonical)
            if doubt and doubt[0].key == UNKNOWN:
                raise KeyError(canonical)
            doubts = gathered(doubts, doubt) if doubt else doubts
        return _least(held) if len(held) > 1 else tuple(held.values()), doubts

    def _demanded(self, kind: str, node: Any) -> Iterator[str]:
        return (demand.canonical for demand in self._demands[kind] if type(node) is dict and demand.is_made_of(node))

    def _hold(self, held: dict[str, Profile], kind: str, canonical: str) -> Findings:
        """Takes up a profile, or says why not."""
        profile = self.find(canonical)
        if profile is not None and profile.type == kind:
            held[profile.canonical] = profile
            return None
        type = profile.type if profile else _bare_type(canonical)
        if type in {kind, "Resource", "DomainResource"}:
            return None
        if type:
            shown = profile.canonical if profile else CORE + type
            return found("profile-other-type", profile=shown, expected=type)
        doubts = found(UNKNOWN)
        doubts[0].severity = "warning"
        return doubts

    def base(self, profile: Profile) -> Profile | None:
        """The profile that one is based on; None for one on a type of R4."""
        canonical = profile.definition.get("baseDefinition", "")
        if canonical.partition("|")[0] == CORE + profile.type:
            return None
        found = self.find(canonical)
        if found is None:
            raise BadDefinition(f"{profile.canonical}: its base {canonical} is not here")
        return found

    def target(self, canonical: str) -> Target:
        """The profile, or the bare type of R4, with a canonical. BadDefinition where there is none."""
        if bare := _bare_type(canonical):
            return Target(CORE + bare, bare)
        profile = self.find(canonical)
        if profile is None:
            raise BadDefinition(f"no profile {canonical} is here")
        return Target(profile.canonical, profile.type, profile.findings)

    def root(self, canonical: str) -> Place | None:
        """What the profile with a canonical says; None of a bare type."""
        return None if self.target(canonical).rule is None else self._named(canonical).root

    def _named(self, canonical: str) -> Profile:
        profile = self.find(canonical)
        assert profile is not None
        return profile

    def check(self) -> None:
        """Compiles all profiles of the definitions. BadDefinition for the first that cannot be used, or that says something
        that nobody here reads.
        """
        for value_set in self.value_sets:
            for canonical in self.value_sets.unresolved(value_set):
                raise BadDefinition(f"{value_set['url']}: no value set {canonical} is here")
        for profile in self.own:
            profile.compile()
            for unread in _unread(profile.definition):
                raise BadDefinition(f"{profile.canonical}: {unread} is not read by this server")
            for unknown in _unknown_contexts(profile.definition):
                raise BadDefinition(f"{profile.canonical}: R4 has no {unknown} to extend")


def _least(held: Mapping[str, Profile]) -> tuple[Profile, ...]:
    """The profiles without those that another of them is based on."""
    based_on = {base.canonical for profile in held.values() for base in profile.chain()[:-1]}
    return tuple(profile for canonical, profile in held.items() if canonical not in based_on)


def _bare_type(canonical: str) -> str:
    """The type of R4 that a canonical names; empty where it names none."""
    name = canonical.partition("|")[0].removeprefix(CORE)
    return name if canonical.startswith(CORE) and name in r4().types else ""


@cache
def load_profiles() -> Profiles:
    """The profiles that are defined, made and compiled once a process. BadDefinition where two have one canonical."""
    return Profiles(every())


def _is_profile(definition: Mapping[str, Any]) -> bool:
    return definition.get("resourceType") == "StructureDefinition" and definition.get("derivation") == "constraint"


def _accepted(definition: Mapping[str, Any]) -> Iterator[str]:
    for extension in definition.get("extension", ()):
        if extension.get("url") == ACCEPTED:
            yield extension["valueCanonical"]


def _unknown_contexts(definition: Mapping[str, Any]) -> Iterator[str]:
    """What an extension says to extend, and R4 does not have."""
    for context in definition.get("context", ()):
        if context["type"] == "element" and not is_element(context["expression"].replace("[x]", "")):
            yield context["expression"]


def _unread(definition: Mapping[str, Any]) -> Iterator[str]:
    """What a definition may say and nobody here reads: it is refused, so that nobody believes such a rule to be kept."""
    if "contextInvariant" in definition:
        yield "contextInvariant"
    if any(context["type"] == "fhirpath" for context in definition.get("context", ())):
        yield "a context of type fhirpath"
    for element in elements(definition):
        if any("aggregation" in kind for kind in element.get("type", ())):
            yield f"{element.get('id')}: type.aggregation"
