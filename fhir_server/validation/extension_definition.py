"""Extensions whose definition the server has: where they may stand, whether they change a meaning, and what is in them.

An extension says by its url what it is, so it is held to its definition wherever it stands, whatever the resource claims.
One that the server does not know is let be; one that would change the meaning of what it stands in is refused in a resource
that is held to a profile. https://hl7.org/fhir/R4/extensibility.html
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from fhir_server.fhir.definitions import CORE
from fhir_server.validation.finding import Check, Context, Findings, broken, found, gathered
from fhir_server.validation.profile import Profile, Profiles

ANYWHERE = "Element"
MODIFYING = "modifierExtension"


class ExtensionDefinition:
    """What one definition says of the extensions with its url. `paths` are the types and elements that it extends."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        contexts = profile.definition.get("context", ())
        self.paths = frozenset(it["expression"].replace("[x]", "") for it in contexts if it["type"] == "element")
        self._within = frozenset(it["expression"] for it in contexts if it["type"] == "extension")
        self._anywhere = ANYWHERE in self.paths or not self.paths | self._within
        self._shown = ", ".join(it["expression"] for it in contexts)

    @cached_property
    def _modifies(self) -> bool:
        told = self.profile.root.last("isModifier")
        return bool(told and told[1])

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The urls of the extensions that it may have within itself."""
        inner = self.profile.root.children.get("extension")
        slices = inner.slices.values() if inner else ()
        told = [part.children["url"].last("fixedUri") for part in slices if "url" in part.children]
        return frozenset(str(url[1]) for url in told if url)

    def findings(self, node: dict[str, Any], context: Context, where: frozenset[str], holder: Any) -> Findings:
        """What is wrong with an extension that stands in an object known by these names; `holder` is that object."""
        findings = self._misplaced(where, holder)
        more = self.profile.findings(node, context)
        findings = gathered(findings, more) if more else findings
        for place, part in enumerate(_parts_of(node)) if self._parts else ():
            if part not in self._parts and ":" not in part:
                wrong = broken("extension-part", self._source, f".extension[{place}].url", allowed=self._allowed)
                findings = gathered(findings, wrong)
        return findings

    @property
    def _source(self) -> str:
        return f"{self.profile.canonical}#Extension"

    @property
    def _allowed(self) -> str:
        return ", ".join(sorted(self._parts))

    def _is_within(self, holder: Any) -> bool:
        """Whether it stands in an extension that it may extend."""
        url = holder.get("url")
        return type(url) is str and url in self._within

    def _misplaced(self, where: frozenset[str], holder: Any) -> Findings:
        if not self._anywhere and self.paths.isdisjoint(where) and not self._is_within(holder):
            return broken("extension-context", self._source, allowed=self._shown)
        if self._modifies is not (MODIFYING in where):
            return broken("extension-modifies" if self._modifies else "extension-modifies-not", self._source)
        return None


def _parts_of(node: dict[str, Any]) -> Iterable[str]:
    """The urls of the extensions within one, in their places; empty for what has none."""
    inner = node.get("extension")
    for part in inner if type(inner) is list else ():
        url = part.get("url") if type(part) is dict else None
        yield url if type(url) is str else ":"


class ExtensionDefinitions:
    """The definitions of extensions among profiles, by url."""

    def __init__(self, profiles: Profiles) -> None:
        self._by_url: Mapping[str, ExtensionDefinition] = {
            profile.canonical: ExtensionDefinition(profile)
            for profile in profiles.own
            if profile.type == "Extension" and profile.definition.get("baseDefinition") == f"{CORE}Extension"
        }
        paths = [path.split(".") for it in self._by_url.values() for path in it.paths]
        self._begun = frozenset(".".join(path[: count + 1]) for path in paths for count in range(len(path)))

    def speak_of(self, names: Iterable[str]) -> bool:
        """Whether a definition names an element by one of these names, or one below it."""
        return not self._begun.isdisjoint(names)

    def extended(self, structure: Check, names: Iterable[str], member: str) -> Check:
        """The check of an extension in a member of an object that goes by these names."""
        by_url, where = self._by_url, frozenset((*names, member))
        modifies = member == MODIFYING

        def check(node: Any, context: Context, holder: Any) -> Findings:
            findings = structure(node, context, holder)
            url = node.get("url") if type(node) is dict else None
            definition = by_url.get(url) if type(url) is str else None
            if definition is not None:
                more = definition.findings(node, context, where, holder)
            else:
                more = found("modifier-unknown") if modifies and context.profiled else None
            return findings if more is None else gathered(findings, more)

        return check
