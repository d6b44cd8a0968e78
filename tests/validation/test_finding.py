from string import Formatter

from fhir_server.fhir.wording import MESSAGES
from fhir_server.validation.finding import KINDS, below, found, is_name
from fhir_server.validation.primitive import PRIMITIVES


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_finding_has_its_words_in_both_languages_with_the_same_gaps() -> None:
    keys = {*KINDS, *(f"value-{kind}" for kind in PRIMITIVES), "value-xhtml", "value-element-id", "constraint"}
    assert set() == keys - set(MESSAGES)
    assert [] == [key for key in keys if gaps(MESSAGES[key][0]) != gaps(MESSAGES[key][1])]


def test_a_parent_puts_its_step_before_the_path() -> None:
    findings = below("CarePlan", below(".activity[2]", found("missing", ".detail", name="detail")))
    assert ["CarePlan.activity[2].detail"] == [finding.path for finding in findings]


def test_only_what_looks_like_a_name_is_one() -> None:
    assert is_name("valueString")
    for text in ("", "1912", "a b", "a-b", "å", "a" * 65):
        assert not is_name(text)
