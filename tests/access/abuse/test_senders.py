"""In whose name a message of a case is sent: staff send for their own care provider, and citizens none of the parties' messages."""

import pytest

from tests.access.abuse.conftest import documented
from tests.access.abuse.told import bundled, keys, statuses
from tests.process.case_house import a_case, a_message, a_stay, at
from tests.register import a_row

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("world")]
SUBJECT = at("Patient/a")


@pytest.fixture(autouse=True)
async def admitted(api, world, as_system):
    """A is on the ward u1; u3 is the social services."""
    stay = a_stay(subject=SUBJECT, serviceProvider=at("Organization/u1"), **documented("u1"))
    case = a_case(patient=SUBJECT, **documented("u1"))
    notice = told("inskrivning", "Organization/u1", "02 12:00", id="notice", **documented("u1"))
    resources = [case, stay, a_row("social", unit="u3"), notice]
    sent = [("PUT", f"{it['resourceType']}/{it['id']}", it) for it in resources]
    assert {201} == set(statuses(await api.post("", json=bundled(*sent), headers=as_system)))


def told(code, sender, when="09 10:00", **members):
    return a_message(code, when, **{"subject": SUBJECT, **({"sender": at(sender)} if sender else {}), **members})


async def sent(api, bearer, code, sender):
    answer = await api.post("Communication", json=told(code, sender), headers=bearer)
    return answer.status_code, keys(answer) if answer.status_code >= 400 else []


@pytest.mark.parametrize(
    ("who", "code", "sender", "outcome"),
    [
        pytest.param("r1", "utskrivningsklar", "Organization/u1", (201, []), id="the ward in its own name"),
        pytest.param("r1", "utskrivningsklar", "PractitionerRole/cr1", (201, []), id="or in the commission's"),
        pytest.param("k1", "utskrivningsklar", "Organization/u1", (403, ["case-not-yours"]), id="not another in its"),
        pytest.param("k1", "utskrivningsklar", "Organization/u3", (409, ["case-sender"]), id="nor in the own name"),
        pytest.param("k1", "utskrivningsklar", "", (409, ["case-sender"]), id="nor without a name"),
        pytest.param("k1", "planering", "Organization/u3", (201, []), id="what is the municipality's is"),
        pytest.param("r1", "planering", "Organization/u3", (403, ["case-not-yours"]), id="and not the ward's"),
    ],
)
async def test_staff_send_for_their_own_care_provider(api, as_staff, who, code, sender, outcome):
    assert outcome == await sent(api, as_staff(who), code, sender)


async def test_a_citizen_sends_no_message_of_the_parties_in_whoever_s_name(api, as_citizen):
    for sender in ("Patient/a", "Organization/u1", ""):
        status, why = await sent(api, as_citizen("a"), "avbrott", sender)
        assert status in {409, 422}, sender
        assert not why or why[0] in {"case-sender", "reference-unseen"}
    free = {"resourceType": "Communication", "status": "completed", "subject": SUBJECT, "sender": SUBJECT}
    assert 201 == (await api.post("Communication", json=free, headers=as_citizen("a"))).status_code
