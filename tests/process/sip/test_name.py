import pytest

from fhir_server.process.sip.name import PERSON, RELATIVE, STAFF, UNIT, Name, named

HSA = "urn:oid:1.2.752.29.4.19|{0}"
PNR = "http://electronichealth.se/identifier/personnummer|{0}"


@pytest.mark.parametrize("text", ["195009072553", "19500907-2553", "19500907 2553"])
def test_a_personnummer_is_the_same_however_it_is_spaced(text):
    assert Name(("Patient",), "identifier", PNR.format("195009072553")) == named(text, PERSON)


def test_the_form_of_an_identifier_tells_its_system():
    told = {
        text: named(text, PERSON).value.partition("|")[0] for text in ("195009072553", "196109732393", "98240301AA06")
    }

    base = "http://electronichealth.se/identifier/"
    assert [f"{base}personnummer", f"{base}samordningsnummer", f"{base}nationelltReservnummer"] == list(told.values())


@pytest.mark.parametrize("text", ["SE2321000131-E000000123405", "se2321000131-e000000123405"])
def test_a_hsa_id_is_a_units_or_a_member_of_staffs_as_the_line_has_it(text):
    value = HSA.format("SE2321000131-E000000123405")

    assert Name(("Organization",), "identifier", value) == named(text, UNIT)
    assert Name(("PractitionerRole", "Practitioner"), "identifier", value) == named(text, STAFF)


def test_ten_digits_are_an_organisation_and_nobodys_personnummer():
    assert named("5009072553", PERSON) is None
    assert Name(("Patient",), "identifier", PNR.format("195009072553")) == named("195009072553", PERSON)


def test_an_organisation_has_an_organisationsnummer_and_a_member_of_staff_has_none():
    assert Name(("Organization",), "identifier", "urn:oid:2.5.4.97|2321000131") == named("232100-0131", UNIT)
    assert named("232100-0131", STAFF) is None


def test_a_reference_names_one_of_the_types_that_may_stand_there():
    assert Name(("RelatedPerson",), "_id", "elin") == named("RelatedPerson/elin", (*UNIT, *RELATIVE))
    assert named("RelatedPerson/elin", UNIT) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rune",
        "195013072553",
        "195009002553",
        "SE2321000131",
        "SE2321000131-",
        "SE2321000131-E000000123405000000",
        "Patient/",
        "Patient/x/_history/1",
        "https://elsewhere.example/fhir/Patient/x",
        "Patient?identifier=x",
        "#x",
    ],
)
def test_what_is_no_name_names_nobody(text):
    assert named(text, (*PERSON, *UNIT, *STAFF)) is None
