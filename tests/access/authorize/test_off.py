"""Nobody gives out tokens who was not asked to."""

import pytest

from tests.authorizing import AUTH

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def limits():
    return {}


@pytest.mark.parametrize("path", ["authorize", "token", "introspect", "revoke", "jwks", "ehr", "development-token"])
async def test_without_the_setting_nothing_answers(api, path):
    assert 404 == (await api.get(f"{AUTH}/{path}")).status_code
    assert 404 == (await api.post(f"{AUTH}/{path}")).status_code


async def test_without_the_setting_the_statement_says_nothing_of_it(api):
    assert "security" not in (await api.get("metadata")).json()["rest"][0]
    assert 404 == (await api.get(".well-known/smart-configuration")).status_code
