"""What is laid over a store: it has a part of it otherwise, and hands on the rest."""

from fhir_server.storage.store import Store


class Over:
    """All of a `Store` but reading by id, searching and writing, which who lays something over it says anew; the methods of the
    store beneath, as they are, so that nothing is paid for them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.history = store.history
        self.values = store.values
        self.resources = store.resources
        self.reindex = store.reindex
        self.indexing = store.indexing
        self.index_version = store.index_version
        self.index_is = store.index_is
        self.entries = store.entries
        self.find_entries = store.find_entries
        self.blocks = store.blocks
        self.heads = store.heads
        self.settled = store.settled
        self.tend = store.tend
        self.prune = store.prune
        self.scour = store.scour
        self.notices = store.notices
        self.relations = store.relations
        self.keep = store.keep
        self.kept = store.kept
        self.all_kept = store.all_kept
        self.replace = store.replace
        self.drop = store.drop
        self.check = store.check
        self.close = store.close
