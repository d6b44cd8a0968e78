"""Which values a parameter has: the labels in use among the resources that a grant reaches."""

import sqlite3

from fhir_server.search.query import Criterion, settled_for
from fhir_server.storage.sqlite.clause import Clause, all_of
from fhir_server.storage.sqlite.compile import compiled, known, row_of
from fhir_server.storage.sqlite.held import TOKEN


def values(
    connection: sqlite3.Connection, type: str, parameter: str, grant: Criterion, count: int
) -> list[tuple[str, str]]:
    """So many of the (system, code) that a token parameter has in resources of the type, sorted."""
    key = known(TOKEN, parameter, type)
    met = all_of([Clause(f"t.parameter = {key.sql}", key.values), compiled(settled_for(grant, type), row_of(type))])
    return connection.execute(
        "SELECT DISTINCT t.space, t.value FROM tokens t CROSS JOIN resources r ON r.key = t.resource"
        f" WHERE {met.sql} ORDER BY 1, 2 LIMIT ?",
        (*met.values, count),
    ).fetchall()
