"""A story of a stay played over HTTP, one message after the other, and the case asked for where it stands after each."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx

from fhir_server.fhir.definitions import read
from fhir_server.fhir.instant import span
from fhir_server.process.clock import reading

Json = dict[str, Any]
STORIES = dict(read("examples/stories"))
ENDS = {"Encounter": "in-progress", "EpisodeOfCare": "active"}
"""What is still going on when the story begins, and its status until it ends."""


def a_moment(text: str) -> int:
    found = span(text)
    assert found is not None
    return found[0]


def shown(text: str) -> str:
    """A moment by Stockholm's clocks."""
    return f"{reading(a_moment(text)):%Y-%m-%d %H:%M}"


class Play:
    """A story in a server: everything but its messages is there, its stay and its case just begun."""

    def __init__(self, api: httpx.AsyncClient, story: str, number: str = "") -> None:
        self.api = api
        self._entries = STORIES[f"{story}.json"]["entry"]
        self._names: dict[str, str] = {}
        self.case = f"EpisodeOfCare/{story}-arende{number}"
        self._of_case = lambda place: place.endswith(number)

    async def begin(self) -> None:
        """Loads what is there before the first message."""
        entries = [it for it in self._entries if it["resource"]["resourceType"] != "Communication"]
        begun = [{**it, "resource": _begun(it["resource"])} for it in entries]
        answer = await self.api.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": begun})
        assert answer.status_code == 200, answer.text
        for entry, told in zip(begun, answer.json()["entry"], strict=True):
            type, id = told["response"]["location"].partition("/fhir/")[2].split("/")[:2]
            self._names[entry["fullUrl"]] = f"{type}/{id}"

    async def steps(self) -> AsyncIterator[tuple[str, str, Json]]:
        """Each step as it is written: when by Stockholm's clocks, what, and the case at that moment."""
        for when, what, resource in sorted(self._told(), key=lambda it: (a_moment(it[0]), it[1])):
            place = f"{resource['resourceType']}/{resource['id']}"
            answer = await self.api.put(place, json=self._resolved(resource))
            assert answer.status_code in {200, 201}, answer.text
            yield shown(when), what, await self.at(when)

    def _told(self) -> Iterator[tuple[str, str, Json]]:
        for resource in (it["resource"] for it in self._entries):
            if not self._of_case(resource.get("id", "")):
                continue
            if resource["resourceType"] == "Communication":
                yield resource["sent"], resource["category"][0]["coding"][0]["code"], resource
            elif resource["resourceType"] in ENDS and "end" in resource["period"]:
                yield resource["period"]["end"], f"{resource['resourceType']} ends", resource

    def _resolved(self, resource: Json) -> Any:
        text = json.dumps(resource)
        for name, place in self._names.items():
            text = text.replace(f'"{name}"', f'"{place}"')
        return json.loads(text)

    async def at(self, when: str) -> Json:
        """The case at a moment."""
        answer = await self.api.get(f"{self.case}/$process", params={"at": when})
        assert answer.status_code == 200, answer.text
        return answer.json()


def _begun(resource: Json) -> Json:
    """The resource as it is while it goes on."""
    type = resource["resourceType"]
    if type not in ENDS or "end" not in resource["period"]:
        return resource
    return {**resource, "status": ENDS[type], "period": {"start": resource["period"]["start"]}}


# ------------------------------------------------------------------------------------------------ the answer


def parts(told: Mapping[str, Any], name: str) -> list[Json]:
    """The parameters of a name, each as its parts with their values by name (the last, where one stands twice)."""
    return [{part["name"]: value(part) for part in it["part"]} for it in told["parameter"] if it["name"] == name]


def value(parameter: Mapping[str, Any]) -> Any:
    """What a parameter says; its parts by name where it has any."""
    if "part" in parameter:
        return {part["name"]: value(part) for part in parameter["part"]}
    return next(it for name, it in parameter.items() if name.startswith("value"))


def state_of(told: Mapping[str, Any]) -> str:
    return str(next(value(it)["code"] for it in told["parameter"] if it["name"] == "state"))


def waits_for(told: Mapping[str, Any]) -> list[str]:
    """What is still to be done, by whom and until when; what is late says so."""
    open_ones = [it for it in parts(told, "due") if "done" not in it]
    return [
        " ".join([it["code"], it["by"], *([shown(it["until"])] if "until" in it else []), *(["late"] * it["late"])])
        for it in open_ones
    ]


def owed(told: Mapping[str, Any]) -> str:
    """Whether a municipality is liable, the first day that can be so, and how many there have been."""
    (found,) = parts(told, "liability")
    return " ".join([found["liable"], *([found["from"]] if "from" in found else []), f"days {found['days']}"])


def lines(told: Mapping[str, Any]) -> list[str]:
    """The reasoning, line by line."""
    (found,) = [it for it in told["parameter"] if it["name"] == "liability"]
    return [value(it)["text"] for it in found["part"] if it["name"] == "reasoning"]
