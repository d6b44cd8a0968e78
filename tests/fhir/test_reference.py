import pytest

from fhir_server.fhir.reference import Literal, is_id, is_oid, is_urn, is_uuid, parse_reference

UUID = "0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Literal("relative", "Patient", "1")),
        ("Patient/1/_history/2", Literal("relative", "Patient", "1", "2")),
        ("#a", Literal("contained", id="a")),
        ("#", Literal("contained")),
        (f"urn:uuid:{UUID}", Literal("urn", id=f"urn:uuid:{UUID}")),
        ("urn:oid:1.2.3", Literal("urn", id="urn:oid:1.2.3")),
        ("http://a.se/Patient/1", Literal("absolute", "Patient", "1", base="http://a.se")),
        ("https://a.se/r4/Patient/1/_history/2", Literal("absolute", "Patient", "1", "2", "https://a.se/r4")),
        ("https://a.se/x/y", Literal("absolute", id="https://a.se/x/y")),
        ("https://a.se/Patient/a_b", Literal("absolute", id="https://a.se/Patient/a_b")),
        ("http://Patient/1", Literal("absolute", id="http://Patient/1")),
        ("Patient?identifier=a|1", Literal("conditional", "Patient", "identifier=a|1")),
    ],
)
def test_a_reference_is_taken_apart(text: str, expected: Literal) -> None:
    assert expected == parse_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Patient", "Patient/", "/Patient/1", "Patient/1/", "Patient/a b", "patient/1", "Person1/1", "DomainResource/1",
        "Patient/1/_history", "Patient/1/_history/", "Patient/1/history/2", "Patient/1/_history/2/3", "#a b", "##",
        f"urn:uuid:{UUID}x", "urn:uuid:", "urn:oid:1", "urn:", "urn:x", "urn:x:a b", "http://", "https:///", "http://a b/Patient/1",
        "ftp://a.se/Patient/1", "mailto:a@b.se", "Patient?", "Patient?a b", "x?y", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize(
    ("text", "holds"), [("a", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("é", False)]
)
def test_an_id_has_sixty_four_plain_characters_at_most(text: str, holds: bool) -> None:
    assert holds == is_id(text)


@pytest.mark.parametrize(
    ("text", "holds"), [("0.1", True), ("2.999.1", True), ("3.1", False), ("1.02", False), ("1.²", False)]
)
def test_an_oid_is_of_plain_numbers(text: str, holds: bool) -> None:
    assert holds == is_oid(text)


def test_a_uuid_has_its_groups_and_a_urn_its_name() -> None:
    assert is_uuid(UUID)
    assert is_uuid(UUID.upper())
    assert not is_uuid(UUID.replace("-", ""))
    assert not is_uuid(UUID.replace("0", "g"))
    assert is_urn("urn:lsid:a:b")
    assert not is_urn("url:lsid:a")
