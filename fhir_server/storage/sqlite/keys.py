"""What entries of the audit are found by: keys that follow the trail a little behind, so that no write pays for them."""

import sqlite3
from collections.abc import Sequence

from fhir_server.fhir.definitions import r4
from fhir_server.search.query import Criterion, OfPatient, Reference, Some, Token

AT_ONCE = 2_000
"""Entries whose keys are made in one transaction."""

BUSY = 500
"""New entries in a second of which the keys wait for a quieter one: each has several, all over the table."""

LATE = 50_000
"""But no longer than for so many: a search that finds them without keys makes those first, in about a second."""

EVERY = ""
"""The key of every entry: by it they stand in the order of time."""

_RANGE = "a.number > :after AND a.number <= :last"
_ABOUT = """json_each('["' || replace(a.patient, ' ', '","') || '"]')"""
_NAMED = "agents g ON g.key = a.agent, json_each(g.agent, '$.names')"
_KEYS = f"""
    SELECT '{EVERY}' AS key, a.at AS at, a.number AS number FROM audit a WHERE {_RANGE}
    UNION ALL SELECT 'p/' || p.value, a.at, a.number FROM audit a, {_ABOUT} p WHERE {_RANGE} AND a.patient <> ''
    UNION ALL SELECT 'e/' || a.type || '/' || a.id, a.at, a.number FROM audit a WHERE {_RANGE} AND a.id <> ''
    UNION ALL SELECT 'o/' || a.organisation, a.at, a.number FROM audit a WHERE {_RANGE} AND a.organisation <> ''
    UNION ALL SELECT 'a/' || n.value, a.at, a.number FROM audit a JOIN {_NAMED} n WHERE {_RANGE}"""


def indexed(connection: sqlite3.Connection) -> int:
    """The number of the last entry whose keys are made."""
    (last,) = connection.execute("SELECT value FROM meta WHERE name = 'audit_keys'").fetchone()
    return int(last)


def index(connection: sqlite3.Connection, after: int, last: int) -> None:
    """Makes the keys of the entries between two numbers, the second included."""
    connection.execute(
        f"INSERT OR IGNORE INTO audit_keys SELECT key, at, number FROM ({_KEYS}) ORDER BY key, at, number",
        {"after": after, "last": last},
    )
    connection.execute("UPDATE meta SET value = ? WHERE name = 'audit_keys'", (str(last),))


def key_of(criteria: Sequence[Criterion]) -> list[str]:
    """The keys of which every entry that meets the criteria has one: those of the criterion that the fewest may meet."""
    found = [keys for criterion in criteria if (keys := _keys(criterion)) is not None]
    return min(found, key=_breadth, default=[EVERY])


def _keys(criterion: Criterion) -> list[str] | None:
    match criterion:
        case OfPatient(patients):
            return [f"p/{patient}" for patient in sorted(patients)]
        case Reference("about", type, id):
            return [f"e/{kind}/{id}" for kind in ([type] if type else sorted(r4().resource_types))]
        case Token("agent", _, str(name)):
            return [f"a/{name}"]
        case Token("organisation", _, str(name)) if name:
            return [f"o/{name}"]
        case Some(parts):
            each = [_keys(part) for part in parts]
            return sorted({key for keys in each for key in keys or ()}) if None not in each else None
    return None


def _breadth(keys: list[str]) -> tuple[bool, int]:
    return any(key.startswith("o/") for key in keys), len(keys)
