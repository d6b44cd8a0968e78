"""`fhir-server serve --tls-cert … --tls-key …`: no wire but TLS 1.2 and later; and, where it is asked, known clients alone."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fhir_server.cli.serve import listening_as
from fhir_server.settings import Settings
from tests.builders import a_care_plan
from tests.servers import Running, run_here, serving

HERE = ip_address("127.0.0.1")


class Issued:
    """A certificate that signs itself, and its key, as files."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(HERE)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        self.cert, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.cert.write_bytes(made.public_bytes(Encoding.PEM))
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Issued]:
    folder = tmp_path_factory.mktemp("tls")
    return {name: Issued(folder, name) for name in ("server", "client", "stranger")}


@pytest.fixture(scope="module")
def server(certificates: dict[str, Issued]) -> Iterator[Running]:
    own, known = certificates["server"], certificates["client"]
    files = ("--tls-cert", str(own.cert), "--tls-key", str(own.key), "--tls-clients", str(known.cert))
    with serving("serve", "--access", "open", "--database", "sqlite:///:memory:", *files) as running:
        yield running


def trusting(certificates: dict[str, Issued], shows: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates["server"].cert)
    if shows:
        context.load_cert_chain(certificates[shows].cert, certificates[shows].key)
    return context


def test_it_speaks_tls_and_browsers_are_told_to_stay_with_it(server, certificates):
    assert server.base.startswith("https://127.0.0.1:")
    with httpx.Client(verify=trusting(certificates, "client")) as client:
        made = client.post(f"{server.base}/CarePlan", json=a_care_plan())
        assert 201 == made.status_code
        assert made.headers["location"].startswith(server.base)
        for path in ("/fhir/metadata", "/health/ready", "/", "/nothing"):
            assert "max-age=31536000" == client.get(f"{server.root}{path}").headers["strict-transport-security"]


def test_it_speaks_nothing_else(server):
    with pytest.raises(httpx.TransportError):
        httpx.get(server.base.replace("https:", "http:") + "/metadata")


@pytest.mark.parametrize("shows", ["", "stranger"])
def test_clients_that_are_not_known_are_not_let_in(server, certificates, shows):
    with pytest.raises(httpx.TransportError), httpx.Client(verify=trusting(certificates, shows)) as client:
        client.get(f"{server.base}/metadata")
    with httpx.Client(verify=trusting(certificates, "client")) as client:
        assert 200 == client.get(f"{server.base}/metadata").status_code


def test_an_older_tls_is_refused(certificates):
    own = certificates["server"]
    settings = Settings(tls_cert=str(own.cert), tls_key=str(own.key))
    context = listening_as(None, settings).ssl  # type: ignore[arg-type]  # nobody calls
    assert context is not None
    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version
    assert ssl.CERT_NONE == context.verify_mode
    assert listening_as(None, Settings()).ssl is None  # type: ignore[arg-type]  # nobody calls


def test_files_that_cannot_be_used_are_told_of_in_one_line(certificates, tmp_path):
    own, other = certificates["server"], certificates["client"]
    for cert, key in ((tmp_path / "no.pem", own.key), (own.cert, other.key), (own.key, own.key)):
        ended = run_here(
            "serve", "--database", "sqlite:///:memory:", "--port", "0", "--tls-cert", str(cert), "--tls-key", str(key)
        )
        assert (1, 1) == (ended.returncode, len(ended.stderr.strip().splitlines())), ended.stderr
        assert "certificate" in ended.stderr


@pytest.mark.anyio
async def test_without_tls_browsers_are_told_nothing(api):
    assert "strict-transport-security" not in (await api.get("metadata")).headers
