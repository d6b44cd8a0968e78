"""`fhir-server decide`: the same verdict as a call would get, told rule by rule."""

import asyncio

import httpx
import msgspec
import pytest

from fhir_server.access.issuers import KIND
from fhir_server.assembly.opening import open_store
from fhir_server.settings import Settings
from fhir_server.storage.store import SYSTEM_GRANTS
from tests.access.abuse.conftest import REGION, hsa, made
from tests.access.house import BASE, a_bearer, an_issuer
from tests.conftest import SECRET
from tests.servers import run_here, serving
from tests.tokens import ISSUER

STAFF = ("--staff", hsa("r1"), "--commission", hsa("cr1"), "--unit", hsa("u1"), "--provider", REGION)
OTHERS = ("--staff", hsa("r2"), "--commission", hsa("cr2"), "--unit", hsa("u2"), "--provider", REGION)
SCOPE = ("--scope", "user/*.cruds")
PLAN = ("--type", "CarePlan", "--id", "a-plan")


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> str:
    """The people and plans of the abuse suite, loaded by a server that has ended; a criterion means the same in each store."""
    address = f"sqlite:///{tmp_path_factory.mktemp('decide')}/plans.db"
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}} for one in made()
    ]
    with serving("serve", "--access", "open", "--database", address, FHIR_SERVER_SECRET=SECRET) as server:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert 200 == httpx.post(server.base, json=bundle, timeout=60).status_code
    return address


def decide(database: str, *arguments: str):
    return run_here("decide", *arguments, "--database", database, FHIR_SERVER_SECRET=SECRET)


def told(database: str, *arguments: str) -> tuple[dict[str, list[str]], str]:
    """What is said of each rule, and the verdict."""
    done = decide(database, *arguments)
    assert 0 == done.returncode, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.split()[0] == "RULE"
    rows = [line.split() for line in lines]
    rules = {row[0]: row[1:] for row in rows if row[1:2] and row[1] in {"permits", "forbids"}}
    return rules, " ".join(lines[len(rules) :])


def test_it_says_by_which_rule_staff_of_the_team_read_a_plan_and_others_do_not(database):
    rules, verdict = told(database, *STAFF, *SCOPE, *PLAN)
    assert "Permitted." == verdict
    assert ["permits", "yes", "yes", "yes"] == rules["team"]
    assert ["permits", "no", "yes", "-"] == rules["own"]
    assert ["permits", "yes", "no", "-"] == rules["task-party"]
    assert ["forbids", "yes", "yes", "no"] == rules["block"]

    rules, verdict = told(database, *OTHERS, *SCOPE, *PLAN)
    assert "Refused, as if it were not there (404)." == verdict
    assert ["permits", "yes", "yes", "no"] == rules["team"]


def test_a_citizen_is_named_by_the_patient_and_sees_the_own(database):
    scope = ("--scope", "patient/*.rs")
    rules, verdict = told(database, "--citizen", "a", *scope, *PLAN)
    assert (["permits", "yes", "yes", "yes"], "Permitted.") == (rules["own"], verdict)
    rules, verdict = told(database, "--citizen", "b", *scope, *PLAN)
    assert (["permits", "yes", "yes", "no"], "Refused, as if it were not there (404).") == (rules["own"], verdict)


def test_a_token_is_looked_at_as_in_a_call(database):
    async def trust() -> None:
        store = await open_store(Settings(database=database, secret=SECRET), "")
        try:
            await store.keep(KIND, ISSUER, msgspec.json.encode(an_issuer()).decode(), until=0)
        finally:
            await store.close()

    asyncio.run(trust())
    who = {"employee": hsa("r1"), "commission": hsa("cr1"), "unit": hsa("u1"), "provider": REGION}
    (bearer,) = a_bearer(BASE, scope="user/*.cruds", **who).values()
    (late,) = a_bearer(BASE, scope="user/*.cruds", number=1, **who | {"acr": "loa2"}).values()

    rules, verdict = told(database, "--token", bearer.removeprefix("Bearer "), *PLAN)
    assert (["permits", "yes", "yes", "yes"], "Permitted.") == (rules["team"], verdict)
    weak = decide(database, "--token", late.removeprefix("Bearer "), *PLAN)
    assert (1, True) == (weak.returncode, "not let in (403): Staff sign in with level" in weak.stderr)


def test_a_scope_that_is_missing_and_one_that_does_not_reach_are_told_apart(database):
    _, missing = told(database, *STAFF, "--scope", "user/Goal.rs", *PLAN)
    _, short = told(database, *STAFF, "--scope", "user/CarePlan.rs?status=draft", *PLAN)

    assert missing.startswith("Refused, whatever the data (403): The token has no scope for this")
    assert short.endswith("The rules permit it; the scopes do not reach it.")


def test_of_a_type_it_says_who_is_spoken_of_and_of_no_resource(database):
    rules, verdict = told(database, *STAFF, *SCOPE, "--type", "CarePlan", "--interaction", "update")
    assert ["permits", "yes", "yes", "-"] == rules["team-writes"]
    assert ["permits", "yes", "no", "-"] == rules["team"]
    assert verdict.startswith("Permitted, where a rule that permits holds")


def test_that_it_was_asked_stands_in_the_audit(database):
    told(database, *STAFF, *SCOPE, *PLAN)

    async def last() -> tuple[str, str, str]:
        store = await open_store(Settings(database=database, secret=SECRET), "")
        try:
            (_, entry) = (await store.entries(SYSTEM_GRANTS["verification"]))[-1]
        finally:
            await store.close()
        return entry.interaction, entry.id, entry.patient

    assert ("$decide", "a-plan", "a") == asyncio.run(last())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*SCOPE, *PLAN), "Say who calls, in one way"),
        ((*STAFF, "--citizen", "a", *SCOPE, *PLAN), "Say who calls, in one way"),
        ((*STAFF, *PLAN), "--scope goes with"),
        ((*STAFF, *SCOPE, "--type", "Journal"), "is no type of R4"),
        ((*STAFF, *SCOPE, *PLAN, "--interaction", "open"), "There is no interaction open"),
        (("--citizen", "nobody", *SCOPE, *PLAN), "The caller is not let in (404)"),
        (("--token", "x.y.z", *PLAN), "The caller is not let in (401)"),
        ((*STAFF, "--scope", "user/*.read patient/*.rs", *PLAN), "The caller is not let in (401)"),
    ],
    ids=["nobody", "two", "no scope", "type", "interaction", "citizen", "token", "mixed scopes"],
)
def test_what_it_cannot_decide_on_it_says_in_a_line(tmp_path, arguments, said):
    refused = decide(f"sqlite:///{tmp_path}/plans.db", *arguments)

    assert (1, "") == (refused.returncode, refused.stdout)
    assert said in refused.stderr
