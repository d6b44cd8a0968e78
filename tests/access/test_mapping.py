"""What issuers' claims mean, by the maps in `security/`."""

import pytest

from fhir_server.access import mapping
from fhir_server.access.mapping import KNOWN, LEVELS, WORDS, BadClaim, load_mapping, read_mapping
from fhir_server.assembly.defined import check_definitions, index_version
from fhir_server.assembly.outside import NotStarted
from fhir_server.fhir import definitions
from fhir_server.fhir.definitions import BadDefinition, read

SAMBI = "http://sambi.se/attributes/1/"
NURSE = {
    "employeeHsaId": "SE2321000016-1003",
    "commissionHsaId": "SE2321000016-C1",
    "commissionPurpose": "Vård och behandling",
    "healthCareUnitHsaId": "SE2321000016-U1",
    "healthCareProviderHsaId": "SE2321000016-A001",
    "healthcareProfessionalLicense": ["SJ", "BM"],
}
TOLD = {
    "employee": ("SE2321000016-1003",),
    "commission": ("SE2321000016-C1",),
    "purpose": ("Vård och behandling",),
    "unit": ("SE2321000016-U1",),
    "provider": ("SE2321000016-A001",),
    "role": ("SJ", "BM"),
}


def test_ineras_claims_are_told_in_our_words():
    assert TOLD == load_mapping("inera").translate(NURSE)


def test_sambis_attributes_are_told_in_our_words():
    assert TOLD == load_mapping("sambi").translate({SAMBI + name: value for name, value in NURSE.items()})


@pytest.mark.parametrize(
    ("id", "name"), [("inera", "acr"), ("sambi", "urn:sambi:names:attribute:levelOfAssurance"), ("own", "acr")]
)
def test_a_level_of_assurance_has_the_issuers_name_for_it(id, name):
    mapping = load_mapping(id)
    (highest,) = mapping.acr_values(4)

    assert {"level": (highest,)} == mapping.translate({name: highest})
    assert 4 == mapping.levels[highest]
    assert (2, True) == (len(mapping.acr_values(3)), highest in mapping.acr_values(3))


@pytest.mark.parametrize(
    "name", ["employeehsaid", "EmployeeHsaId", "employeeHSAId", " employeeHsaId", SAMBI + "employeeHsaId"]
)
def test_names_are_taken_to_the_letter_and_others_are_not_looked_at(name):
    assert {} == load_mapping("inera").translate({name: "SE2321000016-1003"})
    assert {} == load_mapping("inera").translate({name: {"not": "looked at"}})
    assert {"employee": ("x",)} == load_mapping("inera").translate({"employeeHsaId": "x"})


def test_two_spellings_of_one_claim_must_agree():
    twice = {"healthCareUnitHsaId": "SE2321000016-U1", "healthcareUnitHsaId": "SE2321000016-U1"}

    assert {"unit": ("SE2321000016-U1",)} == load_mapping("inera").translate(twice)
    with pytest.raises(BadClaim):
        load_mapping("inera").translate({**twice, "healthcareUnitHsaId": "SE2321000016-U2"})


@pytest.mark.parametrize("value", [1, None, True, {"$ne": ""}, [["x"]], [1], ["x", None]], ids=str)
def test_a_claim_is_text_or_a_list_of_it(value):
    with pytest.raises(BadClaim):
        load_mapping("own").translate({"unit": value})
    assert {"unit": ("x",)} == load_mapping("own").translate({"unit": ["x"]})


def test_the_words_are_those_that_the_code_system_tells():
    table = dict(read("security"))["CodeSystem-caller.json"]

    assert (WORDS, KNOWN) == (table["url"], {concept["code"] for concept in table["concept"]})


@pytest.mark.parametrize("id", ["inera", "sambi", "own"])
def test_every_mapping_tells_what_staff_need(id):
    needed = {"employee", "provider", "unit", "commission", "purpose", "level", "client", "scope"}

    assert needed <= set(load_mapping(id).words.values())


@pytest.mark.parametrize(
    "group",
    [
        {"target": WORDS, "element": [{"code": "x", "target": [{"code": "unheard-of"}]}]},
        {"target": LEVELS, "element": [{"code": "x", "target": [{"code": "5"}]}]},
        {"target": "https://other.example", "element": []},
        {"element": []},
        {"target": WORDS, "element": [{"code": "x", "target": []}]},
        {"target": WORDS, "element": [{"code": "x"}]},
        {"target": WORDS, "element": [{"target": [{"code": "unit"}]}]},
        {"target": WORDS, "element": [{"code": "x", "target": [{"code": "unit"}, {"code": "role"}]}]},
        {
            "target": WORDS,
            "element": [{"code": "x", "target": [{"code": "unit"}]}, {"code": "x", "target": [{"code": "role"}]}],
        },
    ],
    ids=str,
)
def test_a_mapping_that_says_what_nobody_reads_is_refused(group):
    with pytest.raises(BadDefinition, match=r"a\.json"):
        read_mapping("a.json", {"group": [group]})
    assert read_mapping(
        "a.json", {"group": [{"target": WORDS, "element": [{"code": "x", "target": [{"code": "unit"}]}]}]}
    )


def test_a_mapping_that_is_not_there_is_refused():
    with pytest.raises(BadDefinition, match=r"ConceptMap-claims-nobody\.json"):
        load_mapping("nobody")


def test_an_index_does_not_grow_old_by_a_mapping_of_claims(monkeypatch):
    made_by = index_version.__wrapped__()
    everything = {folder: read(folder) for folder in definitions.FOLDERS}
    kept = tuple(one for one in everything["security"] if not one[0].startswith("ConceptMap-"))
    monkeypatch.setattr(definitions, "read", lambda folder: kept if folder == "security" else everything[folder])
    assert made_by == index_version.__wrapped__()

    monkeypatch.setattr(definitions, "read", lambda folder: () if folder == "security" else everything[folder])
    assert made_by != index_version.__wrapped__()


def test_a_bad_mapping_is_found_by_fhir_server_check(monkeypatch):
    check_definitions()
    bad = {"group": [{"target": WORDS, "element": [{"code": "x", "target": [{"code": "unheard-of"}]}]}]}
    monkeypatch.setattr(mapping, "read", lambda folder: (("ConceptMap-claims-bad.json", bad),))

    with pytest.raises(NotStarted, match=r"security/ConceptMap-claims-bad\.json"):
        check_definitions()
