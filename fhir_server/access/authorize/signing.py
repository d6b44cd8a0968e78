"""The server's own key: what it signs tokens with, and the public half of it that they are checked by."""

from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey

from fhir_server.fhir.codec import encode
from fhir_server.storage.store import Facts

KIND = "signing-key"
"""Of the fact that the key is: every worker of one database signs with the same, and a restart leaves tokens good."""
ALGORITHM = "RS256"
"""What OpenID Connect demands of everybody: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation."""
BITS = 2048


class Signer:
    """Signs with one RSA key."""

    def __init__(self, pem: str) -> None:
        """`pem` is the private key."""
        self._key = RSAKey.import_key(pem)
        self._id = self._key.thumbprint()

    @property
    def jwks(self) -> bytes:
        """The public half, as a JWK Set."""
        public = self._key.as_dict(private=False)
        return encode({"keys": [{**public, "kid": self._id, "use": "sig", "alg": ALGORITHM}]})

    def sign(self, type: str, claims: Mapping[str, Any]) -> str:
        """A token of these claims; `type` is its typ."""
        header = {"alg": ALGORITHM, "kid": self._id, "typ": type}
        return jws.serialize_compact(header, encode(claims), self._key, algorithms=[ALGORITHM])


def make_key() -> str:
    """A new private key, as PEM."""
    return RSAKey.generate_key(BITS).as_pem(private=True).decode()


async def kept_signer(facts: Facts) -> Signer:
    """What signs with the key that the database keeps; whoever comes first makes it. Unavailable."""
    pem = await facts.kept(KIND, ALGORITHM)
    if pem is None:
        await facts.keep(KIND, ALGORITHM, make_key(), until=0)
        pem = await facts.kept(KIND, ALGORITHM)
    assert pem is not None, "it was kept just now, and is never dropped"
    return Signer(pem)
