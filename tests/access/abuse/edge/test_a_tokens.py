"""Section A, what is left of it: where a token stands, and a commission that has ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.access.abuse.told import bundled, found, keys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]


async def test_a_13_a_token_in_the_address_is_none_and_is_not_written_down(api, as_citizen, capfd, assembly):
    token = as_citizen()["Authorization"].removeprefix("Bearer ")
    capfd.readouterr()
    for path in (f"CarePlan?access_token={token}", f"CarePlan/a-plan?access_token={token}"):
        assert 401 == (await api.get(path)).status_code
    form = {"access_token": token}
    assert 401 == (await api.post("CarePlan/_search", data=form)).status_code
    told = capfd.readouterr()
    assert 3 == len(told.err.splitlines())
    assert token[:40] not in told.err + told.out
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan", headers=as_citizen()))


async def test_a_13_nor_does_it_stand_beside_one_in_its_place(api, as_citizen, capfd):
    token = as_citizen()["Authorization"].removeprefix("Bearer ")
    capfd.readouterr()
    answers = [
        await api.get(f"CarePlan/a-plan?access_token={token}", headers=as_citizen()),
        await api.post("CarePlan/_search", data={"access_token": token}, headers=as_citizen()),
    ]
    assert [(400, ["two-tokens"])] * 2 == [(answer.status_code, keys(answer)) for answer in answers]
    assert token[:40] not in capfd.readouterr().err
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_citizen())).status_code


async def test_a_16_a_request_brings_one_token(api, as_citizen):
    (bearer,) = as_citizen().values()
    other = as_citizen("b")["Authorization"]
    for headers in (
        [("Authorization", bearer), ("Authorization", other)],
        [("Authorization", bearer), ("authorization", bearer)],
        [("Authorization", f"{bearer}, {other}")],
        [("Authorization", f"{bearer},{other.removeprefix('Bearer ')}")],
        [("Authorization", f"Basic YTpi, {bearer}")],
        [("Authorization", "Basic YTpi"), ("Authorization", bearer)],
    ):
        answer = await api.get("CarePlan", headers=headers)
        assert (400, ["two-tokens"]) == (answer.status_code, keys(answer))
    assert 200 == (await api.get("CarePlan", headers=[("Authorization", bearer)])).status_code


def the_day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture
def commission(api, as_system, world):
    """Has the commission of a member of staff say something more."""

    async def says(who: str, **members: Any) -> None:
        kept = {**world[f"PractitionerRole/c{who}"], **members}
        answer = await api.put(f"PractitionerRole/c{who}", json=kept, headers=as_system)
        assert 200 == answer.status_code, answer.text

    return says


@pytest.mark.parametrize("over", ["inactive", "ended", "not begun"])
async def test_a_20_a_commission_that_does_not_apply_opens_nothing_from_the_next_request_on(
    api, as_staff, commission, over
):
    members: dict[str, Any] = {
        "inactive": {"active": False},
        "ended": {"period": {"start": the_day(-900), "end": the_day(-2)}},
        "not begun": {"period": {"start": the_day(2)}},
    }[over]
    bearer = as_staff("r1")
    await commission("r1")
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan", headers=bearer))
    await commission("r1", **members)
    for path in ("CarePlan", "CarePlan/a-plan", "Organization/u1", "Patient/a/$everything"):
        answer = await api.get(path, headers=bearer)
        assert (403, ["commission-ended"]) == (answer.status_code, keys(answer))
    batch = await api.post("", json=bundled(("GET", "CarePlan/a-plan"), type="batch"), headers=bearer)
    assert 403 == batch.status_code
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_staff("k1"))).status_code
    await commission("r1", active=True, period={"start": the_day(-2), "end": the_day(2)})
    assert {"CarePlan/a-plan"} == found(await api.get("CarePlan", headers=bearer))


async def test_a_20_so_it_is_when_it_is_written_in_a_transaction(api, as_staff, as_system, commission, world):
    await commission("r1")
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_staff("r1"))).status_code
    ended = {**world["PractitionerRole/cr1"], "active": False}
    answer = await api.post("", json=bundled(("PUT", "PractitionerRole/cr1", ended)), headers=as_system)
    assert 200 == answer.status_code
    assert 403 == (await api.get("CarePlan/a-plan", headers=as_staff("r1"))).status_code
    await commission("r1")
    assert 200 == (await api.get("CarePlan/a-plan", headers=as_staff("r1"))).status_code
