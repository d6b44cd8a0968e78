"""The table of abuse cases in docs/security.md: each has its tests, and the page is of today."""

from tests.access.cases import CASES
from tools.describe_abuse import PAGE, carried, with_cases


def test_the_page_tells_the_cases_of_today():
    text = PAGE.read_text(encoding="utf-8")

    assert with_cases(text) == text


def test_every_case_is_one_of_the_suite():
    assert set() == carried().keys() - CASES.keys()
    assert 183 == len(CASES)


def test_every_case_has_a_test():
    assert set() == CASES.keys() - carried().keys()
