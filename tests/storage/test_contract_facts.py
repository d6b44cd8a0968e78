"""The contract of every store: what the server itself remembers."""

import asyncio

import pytest

from fhir_server.storage.store import FLEETING, SYSTEM_GRANTS, Entry
from tests.storage.contract import NOON, OPEN

pytestmark = pytest.mark.anyio

AT_ONCE = 50


def told(key: str) -> Entry:
    return Entry(NOON, '{"who":"somebody"}', "$client-add", 200, query=f"client={key}")


async def tell_tale(store) -> list[str]:
    return [entry.query for _, entry in await store.entries(OPEN)]


# ------------------------------------------------------------------------------------------------ kept


async def test_a_fact_is_kept_under_its_kind_and_key(store):
    assert await store.keep("client", "portal", "one", until=0)

    assert "one" == await store.kept("client", "portal")
    assert [None, None] == [await store.kept("client", "other"), await store.kept("issuer", "portal")]


async def test_a_fact_that_is_there_is_not_kept_again_and_another_is(store):
    assert await store.keep("client", "portal", "one", until=0)

    assert not await store.keep("client", "portal", "two", until=0)
    assert await store.keep("client", "other", "two", until=0)
    assert {"other": "two", "portal": "one"} == await store.all_kept("client")


async def test_a_text_comes_back_as_it_was(store):
    text = '{"a": "åäö \\u0000 𝄞", "$set": {"until": 1}}' + "x" * 100_000

    await store.keep("client", "https://issuer.example/$where/..%00", text, until=0)

    assert {"https://issuer.example/$where/..%00": text} == await store.all_kept("client")


async def test_all_of_a_kind_are_given_in_the_order_of_their_keys_and_none_of_another(store):
    for kind, key in (("b", "2"), ("b", "10"), ("b", "å"), ("a", "1"), ("ba", "1"), ("b0", "1")):
        await store.keep(kind, key, kind + key, until=0)

    assert [("10", "b10"), ("2", "b2"), ("å", "bå")] == list((await store.all_kept("b")).items())
    assert {} == await store.all_kept("c")


# ------------------------------------------------------------------------------------------------ for how long


async def test_what_has_expired_is_not_given_and_what_has_not_is(store, clock):
    await store.keep("jti", "short", "", until=NOON + 10)
    await store.keep("jti", "long", "", until=NOON + 11)
    assert ["", ""] == [await store.kept("jti", key) for key in ("short", "long")]

    clock.now = NOON + 10

    assert [None, ""] == [await store.kept("jti", key) for key in ("short", "long")]
    assert {"long": ""} == await store.all_kept("jti")


async def test_what_has_expired_can_be_neither_replaced_nor_dropped_and_is_kept_anew(store, clock):
    await store.keep("code", "a", "old", until=NOON + 10)
    clock.now = NOON + 10

    assert [False, False] == [
        await store.replace("code", "a", "old", "new", until=0),
        await store.drop("code", "a"),
    ]
    assert await store.keep("code", "a", "anew", until=NOON + 20)
    assert "anew" == await store.kept("code", "a")
    assert not await store.keep("code", "a", "again", until=NOON + 30)


# ------------------------------------------------------------------------------------------------ changed


async def test_a_text_is_replaced_by_who_knows_it(store, clock):
    await store.keep("client", "portal", "one", until=0)

    assert not await store.replace("client", "portal", "other", "two", until=0)
    assert not await store.replace("client", "nobody", "one", "two", until=0)
    assert await store.replace("client", "portal", "one", "two", until=NOON + 10)

    assert "two" == await store.kept("client", "portal")
    clock.now = NOON + 10
    assert None is await store.kept("client", "portal")


async def test_what_is_dropped_is_gone_and_is_dropped_once(store):
    await store.keep("code", "a", "text", until=0)
    await store.keep("code", "b", "text", until=0)

    assert [True, False] == [await store.drop("code", "a"), await store.drop("code", "a")]
    assert {"b": "text"} == await store.all_kept("code")


# ------------------------------------------------------------------------------------------------ of many one


async def test_b_08_of_fifty_who_use_a_jti_at_once_exactly_one_wins(store):
    each = await asyncio.gather(*(store.keep("jti", "j", str(number), until=NOON + 10) for number in range(AT_ONCE)))

    assert 1 == sum(each)
    assert str(each.index(True)) == await store.kept("jti", "j")


async def test_b_08_of_fifty_who_use_an_expired_jti_anew_exactly_one_wins(store, clock):
    await store.keep("jti", "j", "old", until=NOON + 10)
    clock.now = NOON + 10

    each = await asyncio.gather(*(store.keep("jti", "j", str(number), until=NOON + 20) for number in range(AT_ONCE)))

    assert 1 == sum(each)
    assert str(each.index(True)) == await store.kept("jti", "j")


async def test_of_fifty_who_drop_a_code_at_once_exactly_one_has_it(store):
    await store.keep("code", "a", "text", until=NOON + 10)

    assert 1 == sum(await asyncio.gather(*(store.drop("code", "a") for _ in range(AT_ONCE))))


async def test_of_fifty_who_replace_a_text_at_once_exactly_one_does(store):
    await store.keep("refresh", "family", "0", until=0)

    each = await asyncio.gather(
        *(store.replace("refresh", "family", "0", str(number), until=0) for number in range(1, AT_ONCE + 1))
    )

    assert 1 == sum(each)
    assert str(each.index(True) + 1) == await store.kept("refresh", "family")


async def test_of_ten_who_keep_a_fact_and_tell_of_it_the_one_who_wins_is_told_of(store):
    each = await asyncio.gather(
        *(store.keep("client", "a", str(it), until=0, entries=[told(str(it))]) for it in range(10))
    )

    assert 1 == sum(each)
    assert [f"client={each.index(True)}"] == await tell_tale(store)
    assert str(each.index(True)) == await store.kept("client", "a")


# ------------------------------------------------------------------------------------------------ told of


async def test_each_change_is_told_of_with_it_and_what_was_none_is_not(store):
    assert await store.keep("client", "a", "one", until=0, entries=[told("kept")])
    assert not await store.keep("client", "a", "two", until=0, entries=[told("not kept")])
    assert await store.replace("client", "a", "one", "two", until=0, entries=[told("replaced"), told("and more")])
    assert not await store.replace("client", "a", "one", "two", until=0, entries=[told("not replaced")])
    assert await store.drop("client", "a", entries=[told("dropped")])
    assert not await store.drop("client", "a", entries=[told("not dropped")])

    assert ["client=kept", "client=replaced", "client=and more", "client=dropped"] == await tell_tale(store)


async def test_a_fact_is_no_resource(store):
    await store.keep("CarePlan", "a", "{}", until=0)

    assert [] == [stored async for stored in store.resources(SYSTEM_GRANTS["reindex"])]
    assert "CarePlan" not in FLEETING
