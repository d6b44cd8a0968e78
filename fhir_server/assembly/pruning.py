"""The trail of a database pruned by its retention, at the command line."""

from fhir_server.assembly.defined import index_version, retention
from fhir_server.assembly.opening import COMMAND_LINE, open_store, refuse_memory
from fhir_server.assembly.outside import clock
from fhir_server.audit.prune import Piece, prunable, prune
from fhir_server.audit.retention import AUDIT
from fhir_server.settings import Settings


async def prune_audit(settings: Settings, *, dry: bool) -> list[Piece]:
    """Removes what is past the retention of the audit; `dry`: only says what. NotStarted, Unopened, Overtaken."""
    refuse_memory(settings)
    kept, now = retention()[AUDIT], clock()
    store = await open_store(settings, index_version())
    try:
        pieces: list[Piece] = []
        async for piece in prunable(store, lambda at: kept.ends(at) <= now):
            if not dry:
                await prune(store, piece, now, COMMAND_LINE)
            pieces.append(piece)
        await store.tend()
        return pieces
    finally:
        await store.close()
