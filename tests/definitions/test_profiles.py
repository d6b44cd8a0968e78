"""The profiles as a whole: each is shown, each is refused somewhere or derived from one that is, and Sweden's own names for them are understood."""

import pytest

from fhir_server.fhir.definitions import FOLDERS, read
from fhir_server.validation.profile import ACCEPTED, load_profiles
from fhir_server.validation.validate import Validator
from tests.builders import a_patient

PROFILES = load_profiles()
VALIDATOR = Validator(PROFILES)
DEFINITIONS = [one for _, one in read("profiles")]
STRUCTURES = [one for one in DEFINITIONS if one["resourceType"] == "StructureDefinition"]
OURS = [one for one in STRUCTURES if one["type"] != "Extension"]
SHOWN = [
    entry["resource"]
    for folder in ("stories", "base-data")
    for _, one in read(f"examples/{folder}")
    for entry in one["entry"]
]
WITHOUT_EXAMPLE = {
    "acknowledgement": "made by the process, one for each recipient",
    "coordinated-plan": "abstract",
}
SEBASE = "http://hl7.se/fhir/ig/base/StructureDefinition/SEBase"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_definition_is_itself_valid(folder):
    found = [
        (name, it.expression, it.text()) for name, one in read(folder) for it in VALIDATOR.issues(one) if it.blocks
    ]

    assert [] == found


@pytest.mark.parametrize("profile", OURS, ids=lambda one: one["id"])
def test_a_profile_is_shown_by_an_example_or_says_why_not(profile):
    claimed = [one for one in SHOWN if profile["url"] in one.get("meta", {}).get("profile", ())]

    assert bool(claimed) != (profile["id"] in WITHOUT_EXAMPLE)


def test_an_example_claims_a_profile_where_there_is_one_for_its_type():
    kinds = {profile["type"] for profile in OURS}
    silent = {(one["resourceType"], one.get("id")) for one in SHOWN if "profile" not in one.get("meta", {})}

    assert set() == {(kind, id) for kind, id in silent if kind in kinds}


def test_every_example_keeps_to_what_it_claims():
    found = [
        (one["resourceType"], one.get("id"), issue.expression, issue.text())
        for one in SHOWN
        for issue in VALIDATOR.issues(one)
    ]

    assert [] == [issue for issue in found if "dom-6" not in issue[3]]


@pytest.mark.parametrize("name", ["Patient", "Practitioner", "PractitionerRole", "Organization"])
def test_sweden_s_base_profiles_are_understood_by_their_own_names(name):
    assert PROFILES.find(f"{SEBASE}{name}").type == name


@pytest.mark.parametrize(("number", "keys"), [("191212121212", []), ("191212121213", ["profile-constraint"])])
def test_what_claims_a_swedish_name_is_held_to_the_profile(number, keys):
    identifier = {"system": "http://electronichealth.se/identifier/personnummer", "value": number}
    person = a_patient(identifier=[identifier], meta={"profile": [f"{SEBASE}Patient"]})

    assert keys == [issue.key for issue in VALIDATOR.issues(person) if issue.blocks]


NUMBERS = [
    ("personnummer", "195009072553", True),
    ("personnummer", "19500907-2553", False),
    ("personnummer", "195013072553", False),
    ("personnummer", "196109732393", False),
    ("samordningsnummer", "196109732393", True),
    ("samordningsnummer", "196109732394", False),
    ("samordningsnummer", "195009072553", False),
    ("nationelltReservnummer", "98240301AA06", True),
    ("nationelltReservnummer", "9824030AA06", False),
]


@pytest.mark.parametrize(("system", "number", "sound"), NUMBERS)
def test_a_number_has_the_form_and_the_check_digit_of_its_system(system, number, sound):
    identifier = {"system": f"http://electronichealth.se/identifier/{system}", "value": number}
    person = a_patient(identifier=[identifier], meta={"profile": [f"{SEBASE}Patient"]})

    assert sound == (not any(issue.blocks for issue in VALIDATOR.issues(person)))


@pytest.mark.parametrize(
    ("hsa", "sound"),
    [
        ("SE2321000131-E000000123401", True),
        ("SE2321000131E000000123401", False),
        ("SE2321000131-Å", False),
        (f"SE2321000131-{'E' * 18}", True),
        (f"SE2321000131-{'E' * 19}", False),
    ],
)
def test_an_hsa_id_has_its_form(hsa, sound):
    unit = {
        "resourceType": "Organization",
        "meta": {"profile": [f"{SEBASE}Organization"]},
        "identifier": [{"system": "urn:oid:1.2.752.29.4.19", "value": hsa}],
        "name": "Enheten",
    }

    assert sound == (not any(issue.blocks for issue in VALIDATOR.issues(unit)))


@pytest.mark.parametrize(
    "system", [one for one in DEFINITIONS if one["resourceType"] == "CodeSystem"], ids=lambda one: one["id"]
)
def test_every_code_has_its_words_in_swedish_and_in_english(system):
    assert "sv" == system["language"]
    for concept in system["concept"]:
        assert concept["display"]
        assert ["en"] == [designation["language"] for designation in concept["designation"]]
    assert len(system["concept"]) == system["count"]


def test_every_other_name_is_of_one_profile():
    names = [it["valueCanonical"] for one in STRUCTURES for it in one.get("extension", ()) if it["url"] == ACCEPTED]

    assert len(names) == len(set(names))
