"""`fhir-server token`, and `load`, which asks for one itself."""

from pathlib import Path

import httpx
import pytest

from tests.authorizing import claims_of, header_of
from tests.servers import run_here, serving

STORY = Path(__file__).parents[2] / "examples" / "stories" / "sip-hemma.json"


@pytest.fixture(scope="module")
def server():
    with serving("demo") as running:
        yield running


def token(base: str, *arguments: str):
    return run_here("token", *arguments, FHIR_SERVER_BASE_URL=base)


def test_it_prints_the_token_alone(server):
    done = token(server.base, "--scope", "system/*.rs", "--expires", "60")

    assert (0, "") == (done.returncode, done.stderr)
    (line,) = done.stdout.splitlines()
    assert "at+jwt" == header_of(line)["typ"]
    claims = claims_of(line)
    assert 60 == claims["exp"] - claims["iat"]
    assert server.base == claims["aud"]
    assert "role" not in claims


def test_it_takes_what_it_is_for(server):
    patient = httpx.get(f"{server.base}/Patient?name=Almkvist", headers=server.bearer).json()["entry"][0]["resource"][
        "id"
    ]
    citizen = claims_of(token(server.base, "--scope", "patient/*.rs", "--patient", patient).stdout.strip())
    staff = claims_of(token(server.base, "--scope", "user/*.rs", "--role", "administrator").stdout.strip())
    unit = claims_of(token(server.base, "--scope", "user/*.rs", "--unit", staff["unit"]).stdout.strip())

    assert patient == citizen["patient"]
    assert f"{server.base}/Patient/{patient}" == citizen["fhirUser"]
    assert "administrator" in staff["role"]
    assert staff["unit"] == unit["unit"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--scope", "system/*.sr"), "scopes"),
        (("--scope", "system/*.rs", "--expires", "28801"), "28800"),
        (("--scope", "user/*.rs", "--unit", "SE2321000131-NONE"), "--unit"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(server, arguments, says):
    done = token(server.base, *arguments)

    assert (1, "") == (done.returncode, done.stdout)
    assert says in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())


@pytest.mark.parametrize(
    ("base", "says"),
    [("https://plans.example/fhir", "this machine alone"), ("http://127.0.0.1:9/fhir", "FHIR_SERVER_BASE_URL")],
)
def test_it_asks_this_machine_alone(base, says):
    done = token(base, "--scope", "system/*.rs")

    assert (1, "") == (done.returncode, done.stdout)
    assert says in done.stderr


def test_load_asks_for_one_itself(server):
    done = run_here("load", str(STORY), FHIR_SERVER_BASE_URL=server.base)

    assert 0 == done.returncode, done.stderr
    audit = server.log.read_text()
    assert "transaction" in audit


def test_a_server_that_gives_out_none_says_how_it_would(tmp_path):
    with serving("serve", "--access", "open", "--database", f"sqlite:///{tmp_path}/plans.db") as other:
        done = token(other.base, "--scope", "system/*.rs")
        loaded = run_here("load", str(STORY), FHIR_SERVER_BASE_URL=other.base)

    assert (1, "") == (done.returncode, done.stdout)
    assert "FHIR_SERVER_AUTHORIZE" in done.stderr
    assert 0 == loaded.returncode, loaded.stderr
