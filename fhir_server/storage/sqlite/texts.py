"""Texts as SQL: how a stored one stands to the one asked for, and words as FTS5 looks for them.

https://www.sqlite.org/fts5.html
"""

from fhir_server.search.query import Text, Words
from fhir_server.storage.sqlite.clause import ALWAYS, Clause, all_of

COLUMNS = {"_text": "text", "_content": "content"}
"""The column of `words` in which the words of a parameter stand."""

_LAST = "\U0010ffff"
_SURROGATES, _AFTER_THEM = 0xD800, 0xE000
"""Between them are no characters."""


def begins(value: str, text: str) -> Clause:
    """The value begins with the text: as a range, which an index can answer."""
    beyond = _beyond(text)
    above = [Clause(f"{value} < ?", (beyond,))] if beyond else []
    return all_of([Clause(f"{value} >= ?", (text,)), *above])


def _beyond(text: str) -> str:
    """The first text after all those that begin with this one; "" where there is none."""
    kept = text.rstrip(_LAST)
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_AFTER_THEM if following == _SURROGATES else following)


def standing(criterion: Text, value: str, exact: str) -> Clause:
    """The stored text, folded and as it is, stands to the one asked for as the criterion says."""
    text = criterion.text
    match criterion.how:
        case "starts":
            return begins(value, text)
        case "equals":
            return Clause(f"{value} = ?", (text,))
        case "contains":
            return Clause(f"instr({value}, ?) > 0", (text,))
        case "ends":
            return Clause(f"substr({value}, max(1, length({value}) + 1 - ?)) = ?", (len(text), text))
    return Clause(f"{exact} = ?", (text,))


def worded(criterion: Words, type: str = "") -> str:
    """What `words` is to MATCH: all of the words, in resources of the type, or of whichever."""
    asked = [f"{COLUMNS[criterion.parameter]} : {_quoted(word)}" for word in sorted(criterion.words)]
    return " AND ".join([f"type : {_quoted(type)}", *asked] if type else asked)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def having_words(criterion: Words, key: str) -> Clause:
    """The resource of a key, named in SQL, has the words."""
    if not criterion.words:
        return ALWAYS
    return Clause(f"EXISTS (SELECT 1 FROM words w WHERE w.rowid = {key} AND w.words MATCH ?)", (worded(criterion),))
