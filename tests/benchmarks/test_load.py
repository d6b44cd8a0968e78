"""The load is what it says, and an answer that went wrong is not counted as one."""

import pytest

from tests.benchmarks.databases import served
from tests.benchmarks.load import length, rate, request

pytestmark = pytest.mark.slow


def test_a_rate_is_of_answers_and_a_wrong_answer_ends_the_measure():
    with served() as server:
        assert 0 < rate(server.port, [request("GET", "/fhir/metadata")], clients=2, seconds=0.2)
        with pytest.raises(ConnectionError, match="404"):
            rate(server.port, [request("GET", "/fhir/Nothing")], clients=2, seconds=0.2)


def test_an_answer_is_as_long_as_its_head_and_its_body():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"

    assert len(head) + 5 == length(head) == length(head + b"begun")
