"""The notice of admission and the case that begins with it, as resources."""

import pytest

from fhir_server.process.discharge.notice import Notice, case_of, message_of, parties_of, with_parties
from tests.register import a_person

SENT = "2026-03-02T10:00:00+01:00"
NAMES = [
    {"use": "usual", "given": ["Nita"]},
    {"use": "official", "given": ["Anita", "Margareta"], "family": "Berglund"},
]


def a_notice(*recipients, person=None):
    units = recipients or ("Organization/sol",)
    return Notice("urn:uuid:1", "Encounter/stay", person or a_person(), "Organization/ward", units, SENT, "2026-03-09")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        pytest.param("Ängsgatan 4, 999 01 Björkvik", a_person()["address"], id="whole"),
        pytest.param("c/o Ek, Gatan 1, Ort", [{"line": ["c/o Ek", "Gatan\n 1"], "city": "Ort"}], id="lines"),
        pytest.param("uppgift saknas", [], id="none"),
        pytest.param("x" * 200, [{"line": ["x" * 300]}], id="too long"),
    ],
)
def test_the_registered_address_is_one_line(line, address):
    told = message_of(a_notice(person=a_person(address=address)))["payload"][0]["contentString"]

    assert f"Folkbokföringsadress: {line}" == told


@pytest.mark.parametrize(
    ("display", "names"),
    [
        pytest.param("Anita Margareta Berglund", NAMES, id="the official"),
        pytest.param("Nita", NAMES[:1], id="the only"),
        pytest.param("Nita B", [{"text": "Nita B", "family": "Berglund"}], id="as it is written"),
    ],
)
def test_the_person_is_named(display, names):
    assert display == message_of(a_notice(person=a_person(name=names)))["subject"]["display"]


def test_the_number_is_the_official_one():
    old, own = {"system": "urn:old", "value": "1"}, {"system": "urn:own", "value": "2"}
    person = a_person(identifier=[old, {"use": "official", **own}])

    assert own == message_of(a_notice(person=person))["subject"]["identifier"]
    assert old == message_of(a_notice(person=a_person(identifier=[old])))["subject"]["identifier"]


def test_nothing_of_the_stay_but_its_place_is_told():
    told = {
        "category",
        "encounter",
        "identifier",
        "meta",
        "payload",
        "recipient",
        "resourceType",
        "sender",
        "sent",
        "status",
    }

    assert told | {"subject"} == message_of(a_notice()).keys()


def test_the_case_begins_with_the_assessment_and_has_its_parties():
    notice = a_notice("Organization/sol", "Organization/hsl", "Organization/sol")
    team = parties_of(notice, "Organization/region")
    case = case_of(notice, "2026-03-01", "Organization/region", "CareTeam/t")

    assert ("active", {"start": "2026-03-01"}, [{"reference": "CareTeam/t"}]) == (
        case["status"],
        case["period"],
        case["team"],
    )
    assert ["Organization/ward", "Organization/sol", "Organization/hsl"] == members(team)


def test_who_has_left_becomes_a_party_again_and_who_is_one_stays_so_once():
    team = parties_of(a_notice("Organization/sol", "Organization/hsl"), "Organization/region")
    left = {**team["participant"][2], "period": {"start": SENT, "end": SENT}}
    team = {**team, "participant": [*team["participant"][:2], left]}

    assert [*members(team), "Organization/hsl"] == members(
        with_parties(team, ["Organization/sol", "Organization/hsl"], SENT)
    )
    assert members(team) == members(with_parties(team, ["Organization/sol"], SENT))


def members(team):
    return [one["member"]["reference"] for one in team["participant"]]
