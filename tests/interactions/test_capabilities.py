"""https://hl7.org/fhir/R4/http.html#capabilities"""

from copy import deepcopy

import pytest

from fhir_server import __version__
from fhir_server.access.decide import OPEN
from fhir_server.assembly.defined import STATEMENT
from fhir_server.fhir.definitions import read

pytestmark = pytest.mark.anyio


async def test_metadata_is_the_definition_and_the_facts_of_this_process(api):
    served = (await api.get("metadata")).json()

    shipped = deepcopy(dict(read("capability"))[STATEMENT])
    shipped["software"]["version"] = __version__
    shipped["implementation"]["url"] = str(api.base_url).rstrip("/")
    assert shipped == served


async def test_reading_metadata_leaves_no_trail(api, assembly):
    await api.get("metadata")

    assert [] == list(await assembly.server.store.entries(OPEN))


async def test_what_a_process_tells_of_itself_stays_out_of_the_definition_that_all_share(api):
    told = (await api.get("metadata")).json()
    shared = dict(read("capability"))[STATEMENT]

    assert {"version", "name"} == told["software"].keys()
    assert {"name"} == shared["software"].keys()
    assert "url" not in shared["implementation"]
