"""What a patient contract tells of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.reference import own_reference, parse_reference

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """The resources of a patient contract, each list in the order in which it is told. `beside` are the people and units that
    they name; `at` is the moment (milliseconds since 1970) at which it is told; `display` gives the Swedish words of a code
    (system, code), "" where there are none; `cut` are the codes of the sections of which there is more than is shown.
    """

    patient: Json
    plans: Sequence[Json]
    goals: Sequence[Json]
    actions: Sequence[Json]
    teams: Sequence[Json]
    appointments: Sequence[Json]
    messages: Sequence[Json]
    beside: Sequence[Json]
    at: int
    display: Callable[[str, str], str]
    cut: frozenset[str] = frozenset()

    def names(self) -> "Names":
        """What they are called who stand in it."""
        return Names({own_reference(one): one for one in (self.patient, *self.beside)}, self.display)


@dataclass(frozen=True, slots=True)
class Names:
    """What people, units and codes are called: the `known` ones by their places (`Type/id`), as the reader is shown them."""

    known: Mapping[str, Json]
    display: Callable[[str, str], str]

    def called(self, reference: Mapping[str, Any]) -> str:
        """What somebody is called, the person concerned by that word alone; "" where nothing says it."""
        place = _place(reference)
        if place.startswith("Patient/"):
            return "personen själv"
        return str(reference.get("display") or "") or self._name(self.known.get(place, {}))

    def number(self, reference: Mapping[str, Any]) -> str:
        """The telephone number of somebody, or of the unit where it works; "" where there is none."""
        found = self.known.get(_place(reference), {})
        return _telephone(found) or _telephone(self.known.get(_place(found.get("organization", {})), {}))

    def words(self, concept: Mapping[str, Any] | None) -> str:
        """A concept in words: its text, what a coding shows, or what its code is called here; "" where nothing says it."""
        codings = (concept or {}).get("coding", ())
        shown = [it.get("display") or self.display(it.get("system", ""), it.get("code", "")) for it in codings]
        return str(next(filter(None, ((concept or {}).get("text"), *shown)), ""))

    def first(self, concepts: Sequence[Mapping[str, Any]]) -> str:
        """The first of the concepts in words."""
        return self.words(next(iter(concepts), None))

    def _name(self, resource: Mapping[str, Any]) -> str:
        if resource.get("resourceType") == "PractitionerRole":
            named = (self.called(resource[by]) for by in ("practitioner", "organization") if by in resource)
            return ", ".join(filter(None, named))
        name = resource.get("name")
        return name if isinstance(name, str) else _human(name[0]) if name else ""


def places(references: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The places that references lead to, as far as they say one."""
    return filter(None, map(_place, references))


def _place(reference: Mapping[str, Any]) -> str:
    found = parse_reference(str(reference.get("reference", "")))
    return f"{found.type}/{found.id}" if found is not None and found.type else ""


def _human(name: Mapping[str, Any]) -> str:
    told = " ".join(filter(None, (*name.get("given", ()), name.get("family"))))
    return str(name.get("text") or told)


def _telephone(resource: Mapping[str, Any]) -> str:
    numbers = (it.get("value") for it in resource.get("telecom", ()) if it.get("system") == "phone")
    return str(next(filter(None, numbers), ""))
