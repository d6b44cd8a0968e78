"""The document as text: what is understood, and what is said of what is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.outcome import TooLarge
from fhir_server.process.sip.document import MOST, read_document, shut_out, unknown
from fhir_server.process.sip.name import SELF, named
from fhir_server.process.sip.word import LONGEST, words
from tests.sip import DOCUMENT, changed, without

TODAY = date(2026, 3, 2)


def issues(text):
    return read_document(text, TODAY)[1]


def told(text):
    return [(issue.key, issue.expression) for issue in issues(text)]


def test_the_document_of_the_readme_is_sound():
    document, issues = read_document(DOCUMENT, TODAY)

    assert [] == issues
    assert ("active", 1, 2) == (document.status, len(document.goals), len(document.actions))
    assert (date(2026, 2, 17), "orally", date(2026, 8, 31)) == (
        document.consent.given,
        document.consent.means,
        document.consent.until,
    )
    assert [SELF, None] == [document.actions[1].performer, document.actions[1].owner]
    assert 10 == len(DOCUMENT.splitlines())


@pytest.mark.parametrize("word", words().values(), ids=lambda word: word.name)
def test_the_example_of_each_word_is_understood(word):
    document, _ = read_document(word.line, TODAY)

    assert 1 == len(document.all(word.name))
    assert [] == [issue for issue in issues(word.line) if issue.expression]


def test_capitals_blank_lines_comments_and_white_space_do_not_matter():
    lines = [f"  {line.partition(':')[0].upper()}  :\t{line.partition(':')[2]}  \r" for line in DOCUMENT.splitlines()]
    loose = "\ufeff# en kommentar\n\n" + "\n \n".join(lines)

    assert (read_document(DOCUMENT, TODAY)[0].lines.keys(), []) == (
        read_document(loose, TODAY)[0].lines.keys(),
        issues(loose),
    )
    plain = loose.replace("MÅL", "mal").replace("UPPFÖLJNING", "uppfo\u0308ljning")
    assert [] == issues(plain)
    assert read_document(DOCUMENT, TODAY)[0].goals == read_document(plain, TODAY)[0].goals


@pytest.mark.parametrize(
    ("word", "key", "rule"),
    [
        ("Person", "sip-no-person", "sip: CarePlan.subject"),
        ("Huvudansvar", "sip-no-responsible", "16 kap. 4 § HSL (2017:30); plan-2"),
        ("Samordnare", "sip-no-coordinator", "sip: CarePlan.author; team-1"),
        ("Samtycke", "sip-no-consent", "16 kap. 4 § HSL (2017:30); con-1"),
        ("Mål", "sip-no-goal", "10 kap. 8 § SoL (2025:400); sip-1"),
        ("Insats", "sip-no-action", "16 kap. 4 § HSL (2017:30); plan-1"),
    ],
)
def test_a_line_that_is_missing_is_named_with_an_example_and_its_rule(word, key, rule):
    (issue,) = issues(without(word))

    assert (key, "", rule) == (issue.key, issue.expression, issue.source)
    for language in ("en", "sv"):
        assert f"'{word}'" in issue.text(language)
        assert f"{word}: " in issue.text(language)


def test_a_draft_needs_the_person_the_huvudman_and_the_coordinator():
    draft = "Status: utkast\n" + "".join(
        line for line in DOCUMENT.splitlines(keepends=True) if line.startswith(("Person", "Huvudansvar", "Samordnare"))
    )

    assert [] == told(draft)
    assert [("sip-no-person", ""), ("sip-no-responsible", ""), ("sip-no-coordinator", "")] == told("Status: utkast")
    assert [("sip-no-consent", ""), ("sip-no-goal", ""), ("sip-no-action", "")] == told(
        draft.replace("utkast", "pågående")
    )


UNIT = "SE2321000131-E000000123405"
STAFF = "SE2321000131-U000000123405"


@pytest.mark.parametrize(
    ("word", "wrong", "key", "right"),
    [
        ("Person", "Person: 500907-2553", "sip-line-name", "Person: 19500907-2553"),
        ("Person", "Person:", "sip-line-empty", "Person: Patient/rune"),
        ("Huvudansvar", "Huvudansvar: Region Exempel", "sip-line-name", "Huvudansvar: 232100-0131"),
        ("Samordnare", "Samordnare: Maria", "sip-line-name", "Samordnare: PractitionerRole/maria"),
        ("Samtycke", "Samtycke: muntligt", "sip-line-parts", "Samtycke: 2026-02-17 muntligt"),
        ("Samtycke", "Samtycke: 2026-02-17 kanske", "sip-line-code", "Samtycke: 2026-02-17 | Digitalt"),
        ("Samtycke", "Samtycke: 2026-02-31 muntligt", "sip-line-date", "Samtycke: 2026-02-28 muntligt"),
        ("Samtycke", "Samtycke: 2026-03-03 muntligt", "sip-line-future", "Samtycke: 2026-03-02 muntligt"),
        (
            "Samtycke",
            "Samtycke: 2026-02-17 muntligt till 2026-02-16",
            "sip-line-order",
            "Samtycke: 2026-02-17 muntligt till 2026-02-17",
        ),
        (
            "Samtycke",
            "Samtycke: 2026-02-17 muntligt till 2026-04-01 till 2026-05-01",
            "sip-line-parts",
            "Samtycke: 2026-02-17 muntligt till 2026-04-01 av RelatedPerson/elin",
        ),
        ("Mål", "Mål: | 2026-04-09", "sip-line-empty", "Mål: Duscha | 2026-04-09"),
        ("Mål", "Mål: Duscha | i vår", "sip-line-date", "Mål: Duscha |"),
        ("Mål", "Mål: Duscha | 2026-04-09 | 2026-05-09", "sip-line-parts", "Mål: Duscha | 2026-05-09"),
        ("Insats", "Insats: Dusch", "sip-action-nobody", f"Insats: Dusch | {UNIT}"),
        ("Insats", "Insats: Dusch | hemtjänsten", "sip-line-name", "Insats: Dusch | PERSONEN"),
        ("Insats", f"Insats: Dusch | {UNIT} | Amir", "sip-line-name", f"Insats: Dusch | {UNIT} | {STAFF}"),
        ("Insats", f"Insats: Dusch | {UNIT} | 2026-13-01", "sip-line-date", f"Insats: Dusch | 2026-12-01 | {UNIT}"),
        ("Insats", f"Insats: Dusch | {UNIT} | mål 2", "sip-action-goal", f"Insats: Dusch | {UNIT} | mål 1"),
        ("Insats", f"Insats: D | {UNIT} | {STAFF} | personen", "sip-line-parts", f"Insats: D | {UNIT} | {STAFF}"),
        (
            "Insats",
            "Insats: Dusch | närstående Elin",
            "sip-line-name",
            "Insats: Dusch | närstående: RelatedPerson/elin",
        ),
        ("Uppföljning", "Uppföljning: 2026-04-09", "sip-line-time", "Uppföljning: 2026-04-09 13.00-13.45"),
        ("Från", "Från: igår", "sip-line-date", "Från: 2026-02-26"),
        ("Viktigt", "Viktigt: \x07", "sip-line-text", "Viktigt: \t höns"),
        ("Viktigt", f"Viktigt: {'h' * (LONGEST + 1)}", "sip-line-text", f"Viktigt: {'h' * LONGEST}"),
        ("Viktigt", "Vikitgt: höns", "sip-line-unknown", "# Vikitgt: höns"),
        ("Viktigt", "höns", "sip-line-unknown", "viktigt:höns"),
        ("Viktigt", "Status: klar", "sip-line-code", "Status: PÅGÅENDE"),
        ("Viktigt", "Lagrum: hsl-1-1", "sip-line-code", "Lagrum: losus-4-2 | hsl-16-4"),
        ("Viktigt", "Till: 2026-02-25", "sip-line-order", "Till: 2026-02-26"),
        ("Viktigt", "Identifierare: 42", "sip-line-uri", "Identifierare: https://kommun.example/sip/42"),
        ("Viktigt", f"Identifierare: urn:x:{'1' * 300}", "sip-line-uri", f"Identifierare: urn:x:{'1' * 200}"),
        ("Viktigt", f"Deltar: {STAFF}", "sip-line-parts", f"Deltar: {STAFF} | Undersköterska"),
        ("Viktigt", "Undantag: Björkviks vårdcentral", "sip-line-name", f"Undantag: {UNIT[:-2]}02"),
        ("Viktigt", "Undantag: alla", "sip-exclusion-what", "Undantag: Alla | Det som rör ekonomin"),
        ("Viktigt", f"Undantag: {UNIT} | a | b", "sip-line-parts", f"Undantag: {UNIT} | a"),
        ("Viktigt", "Del av: urn:x:1", "sip-line-name", "Del av: CarePlan/sip-hemma"),
        ("Viktigt", "Person: Patient/elin", "sip-line-twice", "Behov: Hjärtsvikt"),
    ],
)
def test_a_line_that_is_wrong_is_named_by_its_number_beside_one_that_is_right(word, wrong, key, right):
    text = changed(word, wrong)
    place = text.splitlines().index(wrong) + 1

    assert [(key, f"document.line[{place}]")] == told(text)
    assert [] == told(changed(word, right))
    (issue,) = issues(text)
    for language, line in (("en", "Line"), ("sv", "Rad")):
        assert issue.text(language).startswith(f"{line} {place}")


def test_every_issue_is_told_at_once_one_for_each_line_in_their_order_what_is_missing_last():
    wrong = changed("Mål", "Mål:", changed("Samtycke", "Samtycke: ja", without("Huvudansvar")))

    assert [
        ("sip-line-parts", "document.line[3]"),
        ("sip-line-empty", "document.line[6]"),
        ("sip-no-responsible", ""),
    ] == told(wrong)


def test_a_line_that_is_wrong_is_not_missing_and_an_action_may_serve_a_goal_whose_line_is_wrong():
    text = changed("Insats", "Insats: Dusch | personen | mål 1", changed("Mål", "Mål: Duscha | snart"))

    assert [("sip-line-date", "document.line[7]")] == told(text)


def test_a_crisis_plan_says_what_to_do():
    sign = DOCUMENT + "Krisplan tecken: Svarar inte\n"

    assert [("sip-no-crisis-step", "")] == told(sign)
    assert [] == told(sign + "Krisplan gör: Ring hemsjukvården\n")


def test_an_exclusion_wants_the_consent_that_it_is_of_in_a_draft_too():
    draft = "Status: utkast\n" + without("Samtycke")

    assert [] == told(draft)
    assert [("sip-no-consent", "")] == told(draft + "Undantag: alla | Ekonomi\n")


@pytest.mark.parametrize(
    ("who", "outside"),
    [
        ("SE2321000131-E000000123401", "SE2321000131-E000000123402"),
        ("SE2321000131-U000000123401", "SE2321000131-U000000123402"),
        (UNIT, "SE2321000131-E000000123402"),
        (STAFF, "SE2321000131-U000000123402"),
        ("RelatedPerson/elin", "RelatedPerson/anna"),
        ("Organization/home", "Organization/other"),
    ],
)
def test_who_takes_part_may_be_kept_from_something_and_not_from_everything(who, outside):
    def out(line):
        document, issues = read_document(f"{DOCUMENT}Deltar: RelatedPerson/elin | Barnbarn\n{line}", TODAY)
        assert [] == issues
        found = {name: "home" if name.value.endswith((UNIT, "home")) else name.value for _, name in document.names}
        return [(issue.key, issue.expression) for issue in shut_out(document, found)]

    assert [("sip-exclusion-takes-part", "document.line[12]")] == out(f"Undantag: {who}")
    assert [] == out(f"Undantag: {who} | Det som rör ekonomin")
    assert [] == out(f"Undantag: {outside}")


def test_a_document_has_so_many_lines_and_no_more():
    filled = DOCUMENT + "Behov: Hjärtsvikt\n" * (MOST - 10)

    assert [] == told(filled + "\n# kommentar\n" * 500)
    with pytest.raises(TooLarge):
        read_document(filled + "Behov: Fallrisk\n", TODAY)


def test_who_is_unknown_is_said_by_the_kind_of_name():
    names = [
        named(text, types) for text, types in [(UNIT, ("Organization",)), (STAFF, ("PractitionerRole", "Practitioner"))]
    ]

    assert ["sip-unknown-unit", "sip-unknown-staff"] == [unknown(3, name).key for name in names]
    assert "sip-several" == unknown(3, names[0], several=True).key


SECRET = st.text(st.characters(exclude_categories=["Cs"]), min_size=6).filter(
    lambda text: text.strip() and not any(text.strip() in word.line for word in words().values())
)


@given(st.sampled_from([word.name for word in words().values()]), SECRET)
def test_nothing_that_was_written_after_a_word_is_ever_repeated(word, secret):
    text = changed("Viktigt", f"{word}: {secret}xyzzy")

    for issue in issues(text):
        assert "xyzzy" not in issue.text("en") + issue.text("sv") + issue.expression + issue.source


@given(
    st.text()
    | st.lists(st.sampled_from([*DOCUMENT.splitlines(), ":", "|", "Mål", "Insats: | |", "\ud7ff", "\x85"])).map(
        "\n".join
    )
)
def test_any_text_is_understood_or_told_what_is_wrong(text):
    document, found = read_document(text, TODAY)

    said = [line.strip() for line in text.removeprefix("\ufeff").split("\n")]
    places = [issue.expression for issue in found if issue.expression]
    assert len(set(places)) == len(places)
    understood = sum(len(lines) for lines in document.lines.values())
    assert understood + len(places) == len([line for line in said if line and line[0] != "#"])
    assert all(issue.text(language) for issue in found for language in ("en", "sv"))
