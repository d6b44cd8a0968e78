"""Who may be opened, and what the driver's errors mean to a caller."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from fhir_server.fhir.outcome import TooLarge, Unavailable
from fhir_server.storage.mongo.link import codes, connect, told
from fhir_server.storage.store import Unopened
from tests.databases import emulator, server

NOBODY = "mongodb://somebody:hidden@127.0.0.1:9/plans"  # the port of "discard", where no server listens


@pytest.mark.anyio
@pytest.mark.usefixtures("forsaken")
async def test_a_replica_set_is_opened_and_a_server_that_runs_alone_is_not():
    link = await connect(server())
    await link.client.close()

    with emulator("--standalone") as (uri, _), pytest.raises(Unopened, match=r"replica set.*rs\.initiate\(\)"):
        await connect(uri)


@pytest.mark.anyio
@pytest.mark.usefixtures("forsaken")
async def test_a_server_that_does_not_answer_is_named_without_its_address():
    with pytest.raises(Unopened) as refusal:
        await connect(NOBODY)

    assert "No primary of a MongoDB replica set answers" in str(refusal.value)
    assert not [word for word in ("somebody", "hidden", "127.0.0.1") if word in str(refusal.value)]


@pytest.mark.anyio
@pytest.mark.parametrize("uri", ["mongodb://", "mongo://x", "mongodb://a:b@c@d/", ""])
async def test_an_address_that_is_none_is_refused(uri):
    with pytest.raises(Unopened, match="mongodb://HOST:PORT/DATABASE"):
        await connect(uri)


def labelled(error: PyMongoError, label: str) -> PyMongoError:
    error._add_error_label(label)
    return error


def bulk(code: int) -> BulkWriteError:
    return BulkWriteError({"writeErrors": [{"code": code, "errmsg": "", "index": 0}], "writeConcernErrors": []})


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("x"),
        NotPrimaryError("x"),
        ServerSelectionTimeoutError("x"),
        OperationFailure("disk full", 14031),
        OperationFailure("stepped down", 189),
        bulk(14031),
        labelled(OperationFailure("x", 2), "TransientTransactionError"),
    ],
    ids=lambda error: f"{type(error).__name__}-{codes(error)}",
)
def test_what_is_wrong_with_the_place_is_unavailable(error):
    found = told(error)

    assert isinstance(found, Unavailable)
    assert "store-away" == found.issues[0].key


@pytest.mark.parametrize("error", [OperationFailure("a mistake of ours", 2), bulk(171), ConfigurationError("x")])
def test_what_is_wrong_with_the_question_is_told_as_it_is(error):
    assert error is told(error)


@pytest.mark.parametrize("error", [DocumentTooLarge("x"), OperationFailure("x", 10334), bulk(17419)])
def test_what_is_too_large_is_the_callers_to_mend(error):
    assert isinstance(told(error), TooLarge)
