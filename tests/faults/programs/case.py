"""What was told and what stands, as the questions of the judgement ask for it."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from tests.faults.programs.evidence import Evidence, Version
from tests.faults.programs.told import Told
from tests.faults.programs.write import Json, Place, people_of, tokens_of

Findings = Iterator[str]
"""Sentences, each about something that cannot be."""


class Case:
    def __init__(self, told: Sequence[Told], evidence: Evidence) -> None:
        self.told = told
        self.evidence = evidence
        self.by_token = {it.write.token: it for it in told}

    @cached_property
    def histories(self) -> dict[Place, dict[int, Version]]:
        """By number, oldest first."""
        found = self.evidence.histories
        return {place: {version.number: version for version in reversed(found[place])} for place in found}

    @cached_property
    def made(self) -> dict[str, list[tuple[Place, Version]]]:
        """Where each token stands for the first time in a history: one version, if all is well."""
        found: dict[str, list[tuple[Place, Version]]] = {}
        for place, versions in self.histories.items():
            for before, version in pairwise([None, *versions.values()]):
                for token in fresh(version, before):
                    found.setdefault(token, []).append((place, version))
        return found

    @cached_property
    def live(self) -> dict[Place, Json]:
        """The resources that a history ends with."""
        last = {place: [*versions.values()][-1] for place, versions in self.histories.items() if versions}
        return {place: version.resource for place, version in last.items() if version.text}

    def version(self, place: Place | None, number: int | None) -> Version | None:
        return self.histories.get(place, {}).get(number or 0) if place else None

    @cached_property
    def carried(self) -> dict[Place, set[str]]:
        """The people that each resource has ever been."""
        found = self.histories.items()
        return {place: {it for version in own.values() for it in people_of(version.resource)} for place, own in found}


def fresh(version: Version, before: Version | None) -> set[str]:
    """The tokens that a version has and the one before has not."""
    return tokens_of(version.resource) - tokens_of(before.resource if before else {})


def named(place: Place, version: Version | None = None) -> str:
    return f"{place[0]}/{place[1]}" + (f" version {version.number}" if version else "")
