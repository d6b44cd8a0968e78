"""Entries to render, to search and to hash: of all kinds, by callers of all kinds."""

from hypothesis import strategies as st

from fhir_server.audit.agent import Agent
from fhir_server.storage.store import Entry
from tests.storage.contract import NOON

NORTH = "SE2321000016-NORD"
HSA = "urn:oid:1.2.752.29.4.19"
PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"

ANONYMOUS = Agent(who="anonymous")
NURSE = Agent(
    client="journal", user="SE2321000016-0001", system=HSA, fhir_user="Practitioner/anna", name="Anna Test", role="nurse",
    commission="SE2321000016-1001", unit="SE2321000016-2001", provider=NORTH, token="t-1", network="192.0.2.1",
)  # fmt: skip
CITIZEN = Agent(
    client="1177", user="191212121212", system=PERSONNUMMER, fhir_user="Patient/p1", acts_for="RelatedPerson/r1"
)
STRANGER = Agent(who="unknown", network="192.0.2.9")
SYSTEM = Agent(client="journal", provider="SE2120001355-LULEA", token="t-2")
AGENTS = (ANONYMOUS, NURSE, CITIZEN, STRANGER, SYSTEM)

INTERACTIONS = (
    "read", "vread", "history-instance", "history-type", "history-system", "create", "update", "patch", "delete",
    "search-type", "search-system", "batch", "transaction", "capabilities", "login", "$everything", "$meta",
)  # fmt: skip


def an_entry_by(agent: Agent = NURSE, interaction: str = "read", status: int = 200, **members) -> Entry:
    given = {"type": "CarePlan", "id": "sip", "version": 3, "patient": "p1", "rule": "relation", "purpose": "TREAT"}
    given |= {"request": "0123456789abcdef", "organisation": agent.provider, "digest": "q" * 43 + "="}
    return Entry(NOON, agent.text(), interaction, status, **(given | members))


@st.composite
def entries(draw) -> Entry:
    """Any entry, of a small world, so that several meet what is asked."""
    agent = draw(st.sampled_from(AGENTS))
    type, id = draw(
        st.sampled_from([("CarePlan", "sip"), ("CarePlan", ""), ("Patient", "p1"), ("Task", "sip"), ("", "")])
    )
    return Entry(
        NOON + draw(st.integers(0, 3)),
        agent.text(),
        draw(st.sampled_from(INTERACTIONS)),
        draw(st.sampled_from([200, 201, 304, 404, 422, 500, 503])),
        type,
        id,
        draw(st.integers(0, 2)) if id else 0,
        draw(st.sampled_from(["", "p1", "p2", "p1 p2"])),
        draw(st.sampled_from(["", "open"])),
        draw(st.sampled_from(["", "TREAT"])),
        draw(st.sampled_from(["", "0123456789abcdef"])),
        draw(st.sampled_from(["", "status=active&name=%C3%85sa"])),
        agent.provider,
        draw(st.sampled_from(["", "q" * 43 + "="])),
        draw(st.sampled_from(["", "not-found"])),
    )
