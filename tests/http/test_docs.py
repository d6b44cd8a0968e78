"""/openapi.json and /docs: read without a script, and without asking anybody else for anything."""

import re

import pytest

from fhir_server.http.docs import marked, operations_of
from fhir_server.settings import Settings
from tests.builders import issue_keys

pytestmark = pytest.mark.anyio
ROOT = "http://127.0.0.1:8080"


@pytest.fixture
async def document(api):
    return (await api.get(f"{ROOT}/openapi.json")).json()


async def pages(api) -> dict[str, str]:
    """The text of `/docs`, and of every page that it leads to."""
    first = (await api.get(f"{ROOT}/docs")).text
    found = set(re.findall(r'href="(/docs/[^"#]+)', first))
    return {"/docs": first} | {path: (await api.get(f"{ROOT}{path}")).text for path in sorted(found)}


async def test_the_document_is_that_of_the_statement_that_is_served(api, document):
    statement = (await api.get("metadata")).json()

    assert statement["title"] == document["info"]["title"]
    assert statement["software"]["version"] == document["info"]["version"]
    assert statement["implementation"]["url"] == document["servers"][0]["url"]


async def test_every_call_stands_on_a_page(api, document):
    read = await pages(api)

    assert {"/docs", *(f"/docs/{tag['name']}" for tag in document["tags"])} == read.keys()
    for tag in document["tags"]:
        text = read[f"/docs/{tag['name']}"]
        operations = list(operations_of(document, tag["name"]))
        assert [f'id="{one["operationId"]}"' for one in operations] == re.findall(r'id="[^"]+"', text)
        assert all(f"{one['method']} {one['path']}" in text for one in operations)


async def test_the_pages_run_nothing_and_lead_to_no_other_host(api):
    for path, text in (await pages(api)).items():
        assert not re.search(r"<script|<link|<img|<iframe|\son\w+=|javascript:|@import|url\(", text), path
        links = re.findall(r"""=\s*["']?[a-z]*:?//([^/\s"'<>]+)""", text)
        assert {"127.0.0.1:8080"} == {*links, "127.0.0.1:8080"}, path


@pytest.mark.parametrize("path", ["/docs", "/docs/CarePlan"])
async def test_a_page_forbids_what_it_does_not_need(api, path):
    headers = (await api.get(f"{ROOT}{path}")).headers

    assert "default-src 'none'; style-src 'unsafe-inline'" == headers["content-security-policy"]
    assert "nosniff" == headers["x-content-type-options"]


async def test_its_links_lead_somewhere(api):
    read = await pages(api)
    links = {
        link
        for path in ("/docs", "/docs/CarePlan", "/docs/Server")
        for link in re.findall(r'href="([^"]+)"', read[path])
    }

    answers = {link.partition("#")[0]: None for link in links}
    for path in answers:
        answers[path] = await api.get(path if path.startswith("http") else f"{ROOT}{path}")

    assert any("/SearchParameter/" in path for path in answers)
    assert {200} == {answer.status_code for answer in answers.values()}
    for link in links:
        path, _, anchor = link.partition("#")
        assert not anchor or f'id="{anchor}"' in answers[path].text, link


async def test_a_page_of_what_is_not_there_is_not_found(api):
    answer = await api.get(f"{ROOT}/docs/Colour")

    assert 404 == answer.status_code
    assert ["no-such-address"] == issue_keys(answer.json())


def test_a_text_is_shown_as_text():
    assert "<code>a &lt; b</code> &amp; <br>".replace("<br>", "&lt;br&gt;") == str(marked("`a < b` & <br>"))


# ------------------------------------------------------------------------------------------------ on and off


async def test_the_first_page_leads_there(api):
    for language in ("sv", "en"):
        assert 'href="/docs"' in (await api.get(f"{ROOT}/", headers={"Accept-Language": language})).text


class TestSwitchedOff:
    @pytest.fixture
    def limits(self):
        return {"docs": False}

    @pytest.mark.parametrize("path", ["/docs", "/docs/CarePlan", "/openapi.json"])
    async def test_nothing_answers(self, api, path):
        assert 404 == (await api.get(f"{ROOT}{path}")).status_code

    async def test_the_first_page_does_not_lead_there(self, api):
        text = (await api.get(f"{ROOT}/")).text

        assert "/metadata" in text
        assert "/docs" not in text


@pytest.mark.parametrize(
    ("access", "docs", "shown"),
    [("open", None, True), ("smart", None, False), ("open", False, False), ("smart", True, True)],
)
def test_it_is_on_where_it_is_set_and_else_where_no_token_is_asked(access, docs, shown):
    assert shown == Settings(access=access, docs=docs).shows_docs


def test_it_is_set_by_the_environment(monkeypatch):
    monkeypatch.setenv("FHIR_SERVER_DOCS", "false")
    assert not Settings(access="open").shows_docs
    monkeypatch.setenv("FHIR_SERVER_DOCS", "true")
    assert Settings(access="smart").shows_docs
