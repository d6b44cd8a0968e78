"""A story as the tests read it: a Bundle, its resources, and where its references lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_server.fhir.definitions import read

Json = dict[str, Any]


@dataclass(frozen=True)
class Story:
    name: str
    bundle: Json

    @property
    def entries(self) -> list[Json]:
        return self.bundle["entry"]

    @property
    def resources(self) -> list[Json]:
        return [entry["resource"] for entry in self.entries]

    @property
    def now(self) -> datetime:
        """The moment in which the story stands still, on its day 0."""
        return datetime.fromisoformat(self.bundle["timestamp"])

    def all(self, type: str) -> list[Json]:
        return [resource for resource in self.resources if resource["resourceType"] == type]

    def only(self, type: str) -> Json:
        (resource,) = self.all(type)
        return resource

    def named(self, reference: Json) -> list[Json]:
        """What a reference leads to, by an entry's fullUrl or as Type/id: one resource, if the story is whole."""
        target = reference["reference"]
        return [entry["resource"] for entry in self.entries if target in {entry["fullUrl"], entry["request"]["url"]}]

    def at(self, reference: Json) -> Json:
        (resource,) = self.named(reference)
        return resource

    @property
    def actions(self) -> list[Json]:
        """The Tasks that carry out what is decided; the others hand something over."""
        return [task for task in self.all("Task") if self.at(task["focus"])["resourceType"] == "ServiceRequest"]

    def message(self, code: str) -> Json:
        (found,) = [one for one in self.all("Communication") if one["category"][0]["coding"][0]["code"] == code]
        return found

    def unit(self, actor: Json) -> Json:
        """The organization that somebody works at; an organization is its own."""
        return self.at(actor["organization"]) if actor["resourceType"] == "PractitionerRole" else actor

    def huvudman(self, actor: Json) -> str:
        """The name of the region or municipality that answers for somebody, found by partOf."""
        organization = self.unit(actor)
        while "partOf" in organization:
            organization = self.at(organization["partOf"])
        return organization["name"]

    def participant(self, code: str) -> Json:
        """The team's participant with this code of Inera's kv_typ_av_fast_kontakt."""
        (found,) = [
            one
            for one in self.only("CareTeam")["participant"]
            if any(coding["code"] == code for role in one["role"] for coding in role.get("coding", []))
        ]
        return found


TWO = ("sip-hemma", "utskrivning")
"""The stories that the worklists of docs/search.md are shown by."""


def load_stories() -> dict[str, Story]:
    return {name.removesuffix(".json"): Story(name, bundle) for name, bundle in read("examples/stories")}


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a resource with its path (members of a list share one), depth first."""
    yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from walk(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child, path)


def references(resource: Json) -> list[Json]:
    return [value for _, value in walk(resource) if isinstance(value, dict) and isinstance(value.get("reference"), str)]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
