"""The connection to MongoDB: what it must be, how it is set, and what its errors mean to a caller."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_server.fhir.outcome import TooLarge, Unavailable
from fhir_server.storage.mongo.document import LARGEST
from fhir_server.storage.store import Unopened

DATABASE = "care-plans"
"""The database where the address names none."""

SELECTION_MS, SILENCE_MS = 2_500, 10_000
"""How long a member of the replica set is looked for, and how long one may leave a question without an answer."""

START_TRIES = 3
"""How often it is looked for when the server starts: a database that starts beside it needs a moment."""

_OLDEST_WIRE, _OLDEST = 17, "6.0"
"""`$lookup` with a field and a pipeline came with 5.0; finds that sort on disk by themselves with 6.0."""


@dataclass(frozen=True, slots=True)
class Link:
    """A client and its database: reads see what a majority holds, writes return when a majority has them in its journal."""

    client: AsyncMongoClient[Any]
    database: AsyncDatabase[Any]


async def connect(uri: str) -> Link:
    """A link to the replica set. Unopened where there is none; the address, which may hold a password, is not repeated."""
    try:
        client: AsyncMongoClient[Any] = AsyncMongoClient(
            uri,
            appname="fhir-server",
            serverSelectionTimeoutMS=SELECTION_MS,
            connectTimeoutMS=SELECTION_MS,
            socketTimeoutMS=SILENCE_MS,
        )
        database = client.get_default_database(
            DATABASE, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority", j=True)
        )
    except (InvalidURI, ConfigurationError, ValueError, TypeError):
        raise Unopened("The database address cannot be read. It looks like mongodb://HOST:PORT/DATABASE.") from None
    try:
        await _refuse_unfit(client)
    except BaseException:
        await client.close()
        raise
    return Link(client, database)


async def _refuse_unfit(client: AsyncMongoClient[Any]) -> None:
    try:
        hello = await _hello(client)
    except PyMongoError as error:
        raise unopened(error) from None
    if not hello.get("setName"):
        raise Unopened(
            "MongoDB runs alone; transactions need a replica set, of which one member is enough. Start it with "
            "`mongod --replSet rs0` and run rs.initiate() in mongosh once, or use compose.yaml, which does both."
        )
    if hello.get("maxWireVersion", 0) < _OLDEST_WIRE:
        raise Unopened(f"This MongoDB is too old; {_OLDEST} or later is needed.")


async def _hello(client: AsyncMongoClient[Any], tries: int = START_TRIES) -> Mapping[str, Any]:
    try:
        return await client.admin.command("hello")
    except ConnectionFailure:
        if tries == 1:
            raise
    return await _hello(client, tries - 1)


_REFUSED = frozenset({13, 18, 8000})
"""Unauthorized, AuthenticationFailed, AtlasError."""


def unopened(error: PyMongoError) -> Unopened:
    """Why a database could not be opened, from what the driver says."""
    if isinstance(error, OperationFailure) and error.code in _REFUSED:
        return Unopened("MongoDB refuses the name or password in the database address, or gives it too few rights.")
    if isinstance(error, ConnectionFailure):
        return Unopened(
            "No primary of a MongoDB replica set answers at the database address. Start it (compose.yaml starts one of one "
            "member), run rs.initiate() in mongosh if that was never done, or name another address."
        )
    return Unopened(f"MongoDB could not be made ready ({type(error).__name__}). Its own log says more.")


AWAY = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        24,  # LockTimeout
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        100,  # UnsatisfiableWriteConcern
        112,  # WriteConflict
        133,  # FailedToSatisfyReadPreference
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        225,  # TransactionTooOld
        239,  # SnapshotTooOld
        246,  # SnapshotUnavailable
        251,  # NoSuchTransaction
        262,  # ExceededTimeLimit
        290,  # TransactionExceededLifetimeLimitSeconds
        317,  # ConnectionPoolExpired
        384,  # ConnectionError
        9001,  # SocketException
        10058,  # NotPrimaryNoSecondaryOk, in older words
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
        *_REFUSED,
    }
)
"""The errors of the place where the data lies, not of what was asked.
https://www.mongodb.com/docs/manual/reference/error-codes/
"""

_LARGE = frozenset({10334, 17419, 17420})
"""BSONObjectTooLarge, and an update that makes a document too large."""

_PASSING = ("TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult")


def told(error: PyMongoError) -> Exception:
    """The error as the callers of a store know it: Unavailable where the database is away, TooLarge, else itself."""
    if isinstance(error, DocumentTooLarge) or codes(error) & _LARGE:
        return TooLarge.because("stored-too-large", limit=LARGEST)
    if not (isinstance(error, ConnectionFailure) or codes(error) & AWAY or any(map(error.has_error_label, _PASSING))):
        return error
    return Unavailable.because("store-away")


def codes(error: PyMongoError) -> set[int]:
    """All codes that an error carries; a bulk write has one for each of its writes that failed."""
    if isinstance(error, BulkWriteError):
        rows = [*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ())]
        return {row.get("code") for row in rows}
    return {error.code} if isinstance(error, OperationFailure) and error.code is not None else set()


@contextmanager
def telling_errors() -> Iterator[None]:
    """Raises the driver's errors as the callers of a store know them."""
    try:
        yield
    except PyMongoError as error:
        raise told(error) from error
