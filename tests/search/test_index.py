import pytest

from fhir_server.search.index import Index


def test_an_index_of_nothing_is_empty_and_its_own():
    one, other = Index(), Index()
    one.tokens["status"] = [("", "active")]

    assert {} == other.tokens == other.references == other.spans


@pytest.mark.parametrize("kind", ["tokens", "references", "spans", "strings", "amounts", "elements"])
def test_a_code_has_a_value_whatever_its_kind(kind):
    index = Index(**{kind: {"code": [("x",)], "none": []}})

    assert (True, False, False) == (index.has("code"), index.has("none"), index.has("other"))


def test_words_are_no_value_of_a_parameter():
    assert not Index(words={"_text": ["x"]}).has("_text")
