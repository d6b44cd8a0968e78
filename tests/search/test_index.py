from fhir_server.search.index import Index


def test_an_index_of_nothing_is_empty_and_its_own():
    one, other = Index(), Index()
    one.tokens["status"] = [("", "active")]

    assert {} == other.tokens == other.references == other.spans
