"""Where a person is registered, and the areas of the addressing register that it lies in."""

from collections.abc import Iterable, Mapping
from typing import Any

OFFICIAL = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBaseAddressPersonExtension"
REGISTERED = "63381000052101"
"""Folkbokföringsadress, by SNOMED CT."""
TOLD_BY = ("postalCode", "district", "city")
"""What an area is known by, the most exact first: postal code, municipality, postal town."""

Json = Mapping[str, Any]


def registered_address(person: Json) -> Json | None:
    """The address that somebody is registered at; where none is called so, the first that is not said to be another kind."""
    addresses = person.get("address", ())
    kinds = [_kinds(one) for one in addresses]
    named = [one for one, kind in zip(addresses, kinds, strict=True) if REGISTERED in kind]
    others = [one for one, kind in zip(addresses, kinds, strict=True) if not kind]
    return next(iter([*named, *others]), None)


def _kinds(address: Json) -> set[str]:
    told = (one.get("valueCodeableConcept", {}) for one in address.get("extension", ()) if one["url"] == OFFICIAL)
    return {coding.get("code", "") for one in told for coding in one.get("coding", ())}


class Places:
    """The areas (Locations of the profile area), by their references."""

    def __init__(self, areas: Iterable[Json]) -> None:
        self._areas = {f"Location/{one['id']}": one for one in areas}

    def around(self, address: Json) -> tuple[str, ...]:
        """The areas that an address surely lies in, the narrowest first. Areas are known by name and alias; the most exact thing
        that the address tells, and that leads to areas within one another, counts. Where a postal code or a town is shared,
        it is what is above all of them; nothing where that is nothing.
        """
        for word in TOLD_BY:
            chains = [
                self._upwards(at) for at, area in self._areas.items() if _folded(address.get(word)) in _names(area)
            ]
            within = {at for chain in chains for at in chain[1:]}
            narrowest = [chain for chain in chains if chain[0] not in within]
            shared = [at for at in narrowest[0] if all(at in chain for chain in narrowest)] if narrowest else []
            if shared:
                return tuple(shared)
        return ()

    def _upwards(self, at: str) -> list[str]:
        """An area and all that it is part of; a circle is walked once."""
        found: list[str] = []
        while at in self._areas and at not in found:
            found.append(at)
            at = self._areas[at].get("partOf", {}).get("reference", "")
        return found


def _names(area: Json) -> set[str]:
    return {_folded(name) for name in (area.get("name"), *area.get("alias", ())) if name}


def _folded(text: str | None) -> str:
    """Blanks do not tell: postal codes are written with one and without."""
    return "".join((text or "").split()).casefold()
