"""Rows of an addressing register, its areas, and people whom it is asked about."""

from typing import Any

from fhir_server.fhir.canonical import structure
from fhir_server.process.addressing.row import SERVICE

Json = dict[str, Any]
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def a_week(*days: str, start: str, end: str) -> Json:
    """Hours on some days, workdays unless others are named."""
    return {"daysOfWeek": list(days or WORKDAYS), "availableStartTime": start, "availableEndTime": end}


def a_row(id: str, service: str = "sol", area: str = "kommun", unit: str = "", **told: Any) -> Json:
    """A HealthcareService; its unit is its id unless it says another. `days`, `ages`, `messages`, `deputy` and `validity` are its
    extensions.
    """
    extension = [
        *(_span("birth-days", "valuePositiveInt", it) for it in [told.pop("days", None)] if it),
        *(_span("ages", "valueUnsignedInt", it) for it in [told.pop("ages", None)] if it),
        *({"url": structure("message-type"), "valueCode": it} for it in told.pop("messages", ())),
        *(_extension("deputy", "valueReference", {"reference": f"HealthcareService/{it}"}) for it in [told.pop("deputy", "")] if it),
        *(_extension("validity", "valuePeriod", it) for it in [told.pop("validity", None)] if it),
    ]  # fmt: skip
    return {
        "resourceType": "HealthcareService",
        "id": id,
        "active": True,
        "providedBy": {"reference": f"Organization/{unit or id}"},
        "type": [{"coding": [{"system": SERVICE, "code": service}]}],
        "name": f"Enheten {id}",
        "coverageArea": [{"reference": f"Location/{area}"}],
        **({"extension": extension} if extension else {}),
        **told,
    }


def an_area(id: str, *alias: str, within: str = "") -> Json:
    """A Location that is an area."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "area"}
    return {
        "resourceType": "Location",
        "id": id,
        "status": "active",
        "mode": "instance",
        "name": f"Området {id}",
        "physicalType": {"coding": [coding]},
        **({"alias": list(alias)} if alias else {}),
        **({"partOf": {"reference": f"Location/{within}"}} if within else {}),
    }


def a_person(born: str = "1961-01-18", **told: Any) -> Json:
    """Somebody who lives in the north of the municipality."""
    address = {"line": ["Ängsgatan 4"], "postalCode": "999 01", "city": "Björkvik"}
    return {"resourceType": "Patient", "id": "p1", "birthDate": born, "address": [{**address}], **told}


AREAS = [
    an_area("kommun", "Björkvik"),
    an_area("norr", "99901", "999 05", within="kommun"),
    an_area("soder", "999 02", "999 05", within="kommun"),
    an_area("grannen", "Granninge", "Delad", "999 09"),
    an_area("delad", "Delad", "999 09", within="kommun"),
]


def _span(name: str, value: str, ends: tuple[int | None, int | None]) -> Json:
    parts = [{"url": url, value: end} for url, end in zip(("from", "to"), ends, strict=True) if end is not None]
    return {"url": structure(name), "extension": parts}


def _extension(name: str, member: str, value: Any) -> Json:
    return {"url": structure(name), member: value}
