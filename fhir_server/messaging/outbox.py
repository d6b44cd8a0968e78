"""The outbox: what happened, kept in the Commit that made it happen until everyone who waits for it has heard."""

from fhir_server.storage.store import Change, Notice, Put


def notice(change: Change) -> Notice:
    """The notice of one change; the store fills in its version."""
    return Notice(change.type, change.id, "write" if isinstance(change, Put) else "delete")
