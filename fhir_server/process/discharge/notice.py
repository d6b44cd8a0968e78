"""The admission notice (2 kap. lagen (2017:612)), and the case that begins with it: what the server writes of both.

The notice holds the four facts and nothing else, since it needs no consent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.canonical import OURS, structure
from fhir_server.process.addressing.place import registered_address
from fhir_server.process.definition import MESSAGE
from fhir_server.process.discharge.late import late_registration

NOTICE = "inskrivning"
URIS = "urn:ietf:rfc:3986"
LONGEST_ADDRESS = 200
UNKNOWN_ADDRESS = "uppgift saknas"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: by which message (`urn:uuid:…`), of which stay and whom (the Patient), who sends it to which units (references),
    when it is sent and when the person is thought to leave (FHIR date or dateTime). `late` says of one that was first given otherwise
    when, which way, why and between whom (`late.PARTS`).
    """

    identifier: str
    stay: str
    person: Json
    sender: str
    recipients: tuple[str, ...]
    sent: str
    estimated: str
    late: Mapping[str, str] | None = None

    @property
    def patient(self) -> dict[str, str]:
        """The reference to whom it is about."""
        return {"reference": f"Patient/{self.person['id']}"}


def message_of(notice: Notice) -> dict[str, Any]:
    """The Communication, of the profile admission-notice."""
    return {
        "resourceType": "Communication",
        "meta": {
            "profile": [structure("admission-notice")],
            "security": [{"system": f"{OURS}/CodeSystem/sharing-basis", "code": "losus-notice"}],
        },
        **({"extension": [late_registration(notice.late)]} if notice.late else {}),
        "identifier": [{"system": URIS, "value": notice.identifier}],
        "status": "completed",
        "category": [{"coding": [{"system": MESSAGE, "code": NOTICE}], "text": "Inskrivningsmeddelande"}],
        "subject": {**notice.patient, **named(notice.person)},
        "encounter": {"reference": notice.stay},
        "sent": notice.sent,
        "recipient": [{"reference": unit} for unit in notice.recipients],
        "sender": {"reference": notice.sender},
        "payload": [
            {"contentString": f"Folkbokföringsadress: {_address(notice.person)}"},
            {
                "extension": [{"url": structure("estimated-discharge"), "valueDateTime": notice.estimated}],
                "contentString": "Beräknad tidpunkt för utskrivning",
            },
        ],
    }


def case_of(notice: Notice, assessed: str, provider: str, team: str) -> dict[str, Any]:
    """The EpisodeOfCare, from the physician's assessment on (`assessed`), under the provider that answers for the sender."""
    return {
        "resourceType": "EpisodeOfCare",
        "meta": {"profile": [structure("case")]},
        "status": "active",
        "type": [{"text": "Utskrivningsärende"}],
        "patient": notice.patient,
        "managingOrganization": {"reference": provider},
        "period": {"start": assessed},
        "team": [{"reference": team}],
    }


def parties_of(notice: Notice, provider: str) -> dict[str, Any]:
    """The CareTeam of the case: the sender and the recipients, and nobody more."""
    return {
        "resourceType": "CareTeam",
        "meta": {"profile": [structure("case-parties")]},
        "status": "active",
        "category": [
            {
                "coding": [{"system": f"{OURS}/CodeSystem/care-team", "code": "discharge-case"}],
                "text": "Parter i utskrivningsärende",
            }
        ],
        "subject": notice.patient,
        "encounter": {"reference": notice.stay},
        "period": {"start": notice.sent},
        "participant": _participants((notice.sender, *notice.recipients), notice.sent),
        "managingOrganization": [{"reference": provider}],
    }


def with_parties(team: Json, units: Iterable[str], since: str) -> dict[str, Any]:
    """The team with the units (references) that become parties from a moment (FHIR dateTime) on, and are none yet; the team itself where all are."""
    new = [unit for unit in units if not is_party(team, unit)]
    return {**team, "participant": [*team.get("participant", ()), *_participants(new, since)]}


def is_party(team: Json, unit: str) -> bool:
    """Whether a unit (reference) is a party as things stand."""
    going_on = (one for one in team.get("participant", ()) if "end" not in one.get("period", {}))
    return any(one.get("member", {}).get("reference") == unit for one in going_on)


def _participants(units: Iterable[str], start: str) -> list[dict[str, Any]]:
    return [
        {"role": [{"text": "Enhet i ärendet"}], "member": {"reference": unit}, "period": {"start": start}}
        for unit in dict.fromkeys(units)
    ]


def named(person: Json) -> dict[str, Any]:
    """The personnummer, or what stands in its place, and the name."""
    told = [one for one in person.get("identifier", ()) if "system" in one and "value" in one]
    official = next((one for one in told if one.get("use") == "official"), told[0] if told else None)
    name = _name(person)
    return {
        **({"identifier": {"system": official["system"], "value": official["value"]}} if official else {}),
        **({"display": name} if name else {}),
    }


def _name(person: Json) -> str:
    names = person.get("name", ())
    own = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    return own.get("text") or " ".join((*own.get("given", ()), own.get("family", ""))).strip()


def _address(person: Json) -> str:
    """On one line, as it is written on a letter."""
    address = registered_address(person) or {}
    town = f"{address.get('postalCode', '')} {address.get('city', '')}"
    told = (" ".join(one.split()) for one in (*address.get("line", ()), town))
    return ", ".join(one for one in told if one)[:LONGEST_ADDRESS] or UNKNOWN_ADDRESS
