"""The tables, and how a database of an earlier release becomes one of today."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeAlias

from fhir_server.storage.sqlite.blocks import seal_unsealed
from fhir_server.storage.store import DESTROYED, Unopened

Step: TypeAlias = Sequence[str | Callable[[sqlite3.Connection], None]]
"""Statements, and what no statement can do."""

APPLICATION = 0x46484952
"""Stands in the file's header (`FHIR`), so that another program's database is not taken for one of ours."""

_GONE = {
    table: (
        f"CREATE VIEW {table}_gone AS SELECT {', '.join(columns)} FROM {table}",
        f"""CREATE TRIGGER {table}_leave INSTEAD OF INSERT ON {table}_gone BEGIN
        DELETE FROM {table} WHERE {" AND ".join(f"{column} = new.{column}" for column in columns)}; END""",
    )
    for table, columns in (
        ("tokens", ("parameter", "value", "resource", "space")),
        ("spans", ("parameter", "low", "high", "resource")),
        ("strings", ("parameter", "value", "resource", "exact", "key")),
        ("amounts", ("parameter", "low", "high", "resource", "system", "code")),
    )
}


def _append_only(table: str, verb: str) -> str:
    return f"""CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT raise(ABORT, '{table} is append-only'); END"""


_FIRST = (
    # the current version of each resource; a deleted one keeps its anchors and index, by which a grant is judged
    """CREATE TABLE resources (
        key INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL,
        deleted INTEGER NOT NULL, method TEXT NOT NULL, digest BLOB NOT NULL, patients TEXT NOT NULL, idx TEXT NOT NULL,
        text BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX resources_id ON resources (type, id)",
    "CREATE INDEX resources_live ON resources (type, id) WHERE deleted = 0",
    "CREATE INDEX resources_updated ON resources (type, updated, id) WHERE deleted = 0",
    # the versions before it: an update moves them here
    """CREATE TABLE versions (
        resource INTEGER NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL, method TEXT NOT NULL,
        digest BLOB NOT NULL, patients TEXT NOT NULL, text BLOB NOT NULL, PRIMARY KEY (resource, version))""",
    # what resources that are not deleted are found by
    """CREATE TABLE parameters (
        key INTEGER PRIMARY KEY, type TEXT NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (type, code, kind))""",
    """CREATE TABLE tokens (
        parameter INTEGER NOT NULL, value TEXT NOT NULL, resource INTEGER NOT NULL, space TEXT NOT NULL,
        PRIMARY KEY (parameter, value, resource, space)) WITHOUT ROWID""",
    """CREATE TABLE spans (
        parameter INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, resource INTEGER NOT NULL,
        PRIMARY KEY (parameter, low, high, resource)) WITHOUT ROWID""",
    "CREATE INDEX spans_high ON spans (parameter, high)",
    """CREATE TABLE relations (
        resource INTEGER NOT NULL, patient TEXT NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
        plan TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL)""",
    "CREATE INDEX relations_resource ON relations (resource)",
    'CREATE INDEX relations_actor ON relations (actor, kind, patient, start, "end")',
    'CREATE INDEX relations_patient ON relations (patient, actor, kind, start, "end")',
    # a row put among those that are gone leaves its table: so many leave in one statement, each looked up by its whole key
    # (SQLite looks only at the first column of a WITHOUT ROWID table for `(a, b) IN (SELECT …)`)
    *_GONE["tokens"],
    *_GONE["spans"],
    # what happened
    "CREATE TABLE agents (key INTEGER PRIMARY KEY, agent TEXT NOT NULL UNIQUE)",
    """CREATE TABLE audit (
        number INTEGER PRIMARY KEY, at INTEGER NOT NULL, agent INTEGER NOT NULL REFERENCES agents,
        interaction TEXT NOT NULL, status INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
        patient TEXT NOT NULL, rule TEXT NOT NULL, purpose TEXT NOT NULL, request TEXT NOT NULL, query TEXT NOT NULL)""",
    """CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
        interaction TEXT NOT NULL)""",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('index', ''), ('checked', '')",
    # history is append-only, the audit too: a mistake of ours meets the database's refusal
    """CREATE TRIGGER resources_follow BEFORE UPDATE OF version, updated, digest, text ON resources
        WHEN new.version <> old.version + 1
            OR NOT EXISTS (SELECT 1 FROM versions WHERE resource = old.key AND version = old.version)
        BEGIN SELECT raise(ABORT, 'a version is followed by the next one, and kept'); END""",
    """CREATE TRIGGER resources_stay BEFORE DELETE ON resources
        BEGIN SELECT raise(ABORT, 'a resource is never removed'); END""",
    *(_append_only(table, verb) for table in ("versions", "audit") for verb in ("UPDATE", "DELETE")),
)

_HISTORY = (
    # deleted ones have a history too
    "DROP INDEX resources_updated",
    "CREATE INDEX resources_updated ON resources (type, updated, id, deleted)",
    "CREATE INDEX resources_history ON resources (updated)",
    "CREATE INDEX resources_deleted ON resources (type) WHERE deleted = 1",
    # the type of a version is that of its resource; it stands here for the index alone
    "ALTER TABLE versions ADD COLUMN type TEXT NOT NULL DEFAULT ''",
    "DROP TRIGGER versions_update",
    "UPDATE versions SET type = (SELECT type FROM resources WHERE key = resource)",
    _append_only("versions", "UPDATE"),
    "CREATE INDEX versions_updated ON versions (type, updated)",
    "CREATE INDEX versions_history ON versions (updated)",
)

_SEARCH = (
    # `value` is folded; `key` puts it in Swedish order
    """CREATE TABLE strings (
        parameter INTEGER NOT NULL, value TEXT NOT NULL, resource INTEGER NOT NULL, exact TEXT NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (parameter, value, resource, exact, key)) WITHOUT ROWID""",
    "CREATE INDEX strings_key ON strings (parameter, key)",
    # numbers stand at their places among all doubles (ranges.py)
    """CREATE TABLE amounts (
        parameter INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, resource INTEGER NOT NULL,
        system TEXT NOT NULL, code TEXT NOT NULL,
        PRIMARY KEY (parameter, low, high, resource, system, code)) WITHOUT ROWID""",
    "CREATE INDEX amounts_high ON amounts (parameter, high)",
    *_GONE["strings"],
    *_GONE["amounts"],
    # a row to a resource, under its key; words are folded already, so that whatever is not ASCII is a letter to FTS5, and
    # neither where a word stands nor how many there are is asked
    """CREATE VIRTUAL TABLE words USING fts5 (
        type, text, content, tokenize = ascii, detail = column, columnsize = 0)""",
)

_SIEVES = (
    # whether a resource has a span, and which, without a look at the resource
    "CREATE INDEX spans_resource ON spans (parameter, resource)",
    # what ids keys have: those of a type lie together, where a resource itself has pages of its own
    "CREATE INDEX resources_key ON resources (type, key, id, deleted)",
)

_FACTS = (
    # what the server itself remembers: it hangs on no other table
    """CREATE TABLE facts (
        kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, "until" INTEGER NOT NULL,
        PRIMARY KEY (kind, key)) WITHOUT ROWID""",
    'CREATE INDEX facts_until ON facts ("until") WHERE "until" <> 0',
)

_JUDGED = (
    # what a grant judges a version by, as it stood beside it; of one that was kept before, nobody knows
    "ALTER TABLE versions ADD COLUMN idx TEXT",
)

_BLOCKS: Step = (
    # the blocks in force, of all patients
    'CREATE INDEX relations_kind ON relations (kind, "end", start, patient, actor)',
)

_TRAIL: Step = (
    *(f"ALTER TABLE audit ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in ("organisation", "digest", "reason")),
    """CREATE TABLE blocks (
        organisation TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, previous BLOB NOT NULL, rows BLOB NOT NULL,
        digest BLOB NOT NULL, PRIMARY KEY (organisation, number)) WITHOUT ROWID""",
    # what entries are found by; it follows the audit, up to the number that `meta` tells
    """CREATE TABLE audit_keys (
        key TEXT NOT NULL, at INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, at, number)) WITHOUT ROWID""",
    "INSERT INTO meta VALUES ('audit_keys', '0')",
    *(_append_only(table, verb) for table in ("blocks", "agents") for verb in ("UPDATE", "DELETE")),
    seal_unsealed,
)

_DESTROYED: Step = (
    # versions leave when what is left of their resource says that it was destroyed, and only then
    "DROP TRIGGER versions_delete",
    f"""CREATE TRIGGER versions_delete BEFORE DELETE ON versions
        WHEN (SELECT method FROM resources WHERE key = old.resource) IS NOT '{DESTROYED}'
        BEGIN SELECT raise(ABORT, 'versions is append-only'); END""",
)

_PRUNED: Step = (
    # up to which block, and which entry of its, the beginning of a chain was removed
    """CREATE TABLE pruned (
        organisation TEXT PRIMARY KEY, number INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID""",
    *(f"DROP TRIGGER {table}_delete" for table in ("audit", "blocks")),
    *(
        f"""CREATE TRIGGER {table}_delete BEFORE DELETE ON {table}
        WHEN old.number > coalesce((SELECT {upto} FROM pruned WHERE organisation = old.organisation), 0)
        BEGIN SELECT raise(ABORT, '{table} is append-only'); END"""
        for table, upto in (("audit", "last"), ("blocks", "number"))
    ),
)

MIGRATIONS: tuple[Step, ...] = (
    _FIRST,
    _HISTORY,
    _SEARCH,
    _SIEVES,
    _FACTS,
    _JUDGED,
    _BLOCKS,
    _TRAIL,
    _DESTROYED,
    _PRUNED,
)
"""Step n leads from schema n to schema n + 1; what a release has shipped is never changed."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[Step] = MIGRATIONS) -> None:
    """Brings the database to the last schema, each step all or nothing. Unopened for one that is newer, or not ours."""
    found = schema_of(connection, len(migrations))
    for number, step in enumerate(migrations[found:], found + 1):
        _take(connection, number, step)


def _take(connection: sqlite3.Connection, number: int, step: Step) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step:
            if isinstance(statement, str):
                connection.execute(statement)
            else:
                statement(connection)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def schema_of(connection: sqlite3.Connection, known: int = len(MIGRATIONS)) -> int:
    """The schema of the database, 0 where it is empty. Unopened for one that is newer than is known, or not ours."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION:
        raise Unopened("The database file belongs to another program. Name another file.")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > known:
        raise Unopened(
            f"The database was made by a newer release of this server (schema {found}; this one knows {known}). "
            "Start that release, or name another database."
        )
    return int(found)
