"""Texts in SQL, beside what Python says of them; words as FTS5 finds them."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fhir_server.search.query import Query, Text, Words
from fhir_server.search.values.string import folded_words
from fhir_server.storage.sqlite.schema import migrate
from fhir_server.storage.sqlite.texts import begins, standing
from tests.storage.contract import OPEN, Clock, a_put, ids, sqlite_at, write

LETTERS = st.sampled_from(["a", "b", "%", "_", "*", "å", "\ud7ff", "\ue000", "\U00010000", "\U0010ffff"])
TEXTS = st.text(LETTERS, max_size=4)
SAID = {"starts": str.startswith, "ends": str.endswith, "contains": str.__contains__, "equals": str.__eq__}


def holds(clause, value: str) -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        sql = f"SELECT {clause.sql} FROM (SELECT ? AS value)"
        return bool(connection.execute(sql, (*clause.values, value)).fetchone()[0])


@given(TEXTS, TEXTS)
@example("a\U0010ffff", "a\U0010ffff\U0010ffff")
@example("\U0010ffff", "\U0010ffffa")
@example("\ud7ff", "\ue000")
def test_a_range_holds_what_begins_with_a_text(text, value):
    assert value.startswith(text) == holds(begins("value", text), value)


@pytest.mark.parametrize("how", SAID)
@given(text=TEXTS, value=TEXTS)
@example(text="", value="")
@example(text="ab", value="b")
def test_a_text_stands_to_another_as_python_has_it(how, text, value):
    assert SAID[how](value, text) == holds(standing(Text("name", how, text), "value", "exact"), value)


@given(st.text())
@example("Åsa Öberg-Lind 日本語 ½ ² Ⅷ ﬁn ß İ O'Brien हिन्दी 🄰 𐞁")
def test_fts5_takes_folded_words_as_they_are(text):
    words = folded_words(text)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, row)")
        connection.execute("INSERT INTO words (content) VALUES (?)", (" ".join(words),))

        assert sorted(set(words)) == sorted(term for (term,) in connection.execute("SELECT term FROM terms"))


@pytest.mark.anyio
@pytest.mark.parametrize("word", ["and", "or", "not", "near", "text", "日本", "½"])
async def test_a_word_of_the_query_language_is_a_word(word):
    async with sqlite_at(":memory:", Clock()) as store:
        await write(store, a_put("a", words={"_text": [word]}), a_put("b", words={"_content": [word]}), a_put("c"))

        assert ["a"] == ids(await store.search(Query("CarePlan", Words("_text", frozenset({word}))), OPEN, count=9))
        assert ["b"] == ids(await store.search(Query("CarePlan", Words("_content", frozenset({word}))), OPEN, count=9))


@pytest.mark.anyio
async def test_a_thousand_words_are_looked_for_at_once():
    many = [f"w{number:04}" for number in range(1000)]
    async with sqlite_at(":memory:", Clock()) as store:
        await write(store, a_put("a", words={"_content": many}), a_put("b", words={"_content": many[1:]}))

        assert ["a"] == ids(await store.search(Query("CarePlan", Words("_content", frozenset(many))), OPEN, count=9))


@pytest.mark.anyio
async def test_words_are_those_of_the_current_version():
    async with sqlite_at(":memory:", Clock()) as store:
        await write(store, a_put("a", words={"_content": ["old", "kept"]}))
        await write(store, a_put("a", words={"_content": ["new", "kept"]}))
        connection = store._readers._here.connection
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        found = [
            ids(await store.search(Query("CarePlan", Words("_content", frozenset({word}))), OPEN, count=9))
            for word in ("old", "kept", "new")
        ]

    assert [[], ["a"], ["a"]] == found
