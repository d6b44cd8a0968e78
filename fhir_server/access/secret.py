"""The secret of a client that is being developed: kept as what cannot be turned back into it.

Clients in use sign with keys of their own (`private_key_jwt`); a secret is for tools on the developer's machine alone.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import scrypt
from hmac import compare_digest

SHORTEST = 32
"""Characters of a secret; https://www.rfc-editor.org/rfc/rfc6749#section-10.10 wants it not to be guessed."""
SALT_BYTES = 16
_WORK, _BLOCK, _LANES, _LENGTH = 2**14, 8, 1, 32
_FORM = re.compile(r"scrypt\$([A-Za-z0-9_-]{22}==)\$([A-Za-z0-9_-]{43}=)", re.ASCII)


def hash_secret(secret: str, salt: bytes) -> str:
    """What is kept of a secret; `salt` is 16 random bytes."""
    return f"scrypt${_text(salt)}${_text(_digest(secret, salt))}"


def is_hash(text: str) -> bool:
    """Whether it is what `hash_secret` makes."""
    return _FORM.fullmatch(text) is not None


def is_secret(secret: str, kept: str) -> bool:
    """Whether this is the secret of which that was kept; it takes as long for one that is not. About 30 ms of work."""
    found = _FORM.fullmatch(kept)
    if found is None:
        return False
    salt, digest = map(urlsafe_b64decode, found.groups())
    return compare_digest(digest, _digest(secret, salt))


def _digest(secret: str, salt: bytes) -> bytes:
    return scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=_WORK, r=_BLOCK, p=_LANES, dklen=_LENGTH)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
