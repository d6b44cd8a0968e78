"""Where a Subscription may have something sent."""

import pytest

from fhir_server.access.channel import Channels, is_host
from fhir_server.fhir.outcome import Invalid

CHANNELS = Channels(["hooks.example", "hooks.example:8443"])


def refused(channels: Channels, **channel: object) -> list[str]:
    try:
        channels.refuse_hostile({"resourceType": "Subscription", "channel": {"type": "rest-hook", **channel}})
    except Invalid as refusal:
        return [issue.expression for issue in refusal.issues]
    return []


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://hooks.example",
        "https://hooks.example/",
        "https://HOOKS.example/a?b=c",
        "https://hooks.example:443/a",
        "https://hooks.example:8443/a",
    ],
)
def test_a_host_that_is_named_is_sent_to(endpoint):
    assert [] == refused(CHANNELS, endpoint=endpoint)
    assert ["Subscription.channel.endpoint"] == refused(Channels([]), endpoint=endpoint)


@pytest.mark.parametrize(
    "endpoint", ["https://hooks.example:99999/a", "https://hooks.example:8443:1/", "https://:443/", "https://"]
)
def test_what_is_no_address_is_refused(endpoint):
    assert ["Subscription.channel.endpoint"] == refused(CHANNELS, endpoint=endpoint)


def test_each_header_that_is_refused_is_named():
    headers = ["X-Tenant: 7", "Host: a", "X-Trace:7", "no header"]
    assert ["Subscription.channel.header[1]", "Subscription.channel.header[3]"] == refused(CHANNELS, header=headers)
    assert [] == refused(CHANNELS, header=headers[::2])


def test_nothing_is_judged_where_no_token_is_asked_for_nor_of_other_types():
    assert [] == refused(Channels(None), endpoint="file:///etc/passwd")
    Channels([]).refuse_hostile({"resourceType": "Endpoint", "address": "file:///etc/passwd"})


@pytest.mark.parametrize("text", ["a.se", "hooks.kommun.example", "a-b.se:8443", "xn--bcher-kva.example"])
def test_a_host_has_a_name(text):
    assert is_host(text)


NAMELESS = [
    *(
        "",
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "A.se",
        "a..se",
        "-a.se",
        "a.se.",
        "*.se",
        "å.se",
    ),
    *("a.se:443", "a.se:0", "a.se:08", "a.se:", "a.se:123456", "https://a.se", "a.se/", "u@a.se"),
]


@pytest.mark.parametrize("text", NAMELESS)
def test_what_is_no_name_of_a_host_is_none(text):
    assert not is_host(text)
