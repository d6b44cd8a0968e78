"""Every setting, read from the environment (`FHIR_SERVER_<SETTING>`); each has a heading in `docs/settings.md`.

Only `assembly` and `cli` read this: the rooms below are handed what they need.
"""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a deployment decides."""

    model_config = SettingsConfigDict(env_prefix="FHIR_SERVER_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    database: str = "sqlite:///care-plans.db"
    definitions: str = ""
    access: Literal["smart", "open"] = "smart"
    authorize: bool = False
    workers: int = Field(default=1, ge=1, le=64)
    base_url: str = ""
    secret: SecretStr = SecretStr("")
    cors_origins: list[str] = []
    body_limit: int = Field(default=8_000_000, ge=1_000)
    if_match: Literal["optional", "required"] = "optional"
    stop_seconds: int = Field(default=20, ge=0)
    docs: bool | None = None
    rate_limit: int = Field(default=0, ge=0)
    subscribers: list[str] = []
    tls_cert: str = ""
    tls_key: str = ""
    tls_clients: str = ""
    forwarders: list[str] = []
    proxies: bool = False

    @property
    def base(self) -> str:
        """The FHIR base, never taken from a Host header; without a slash at its end."""
        scheme = "https" if self.tls_cert else "http"
        return (self.base_url or f"{scheme}://{_in_url(self.host)}:{self.port}/fhir").rstrip("/")

    @property
    def root(self) -> str:
        """Where the server itself is: the FHIR base without its path."""
        return self.base.removesuffix("/fhir")

    @property
    def encrypted(self) -> bool:
        """Whether clients reach the server by TLS, its own or that of a proxy."""
        return bool(self.tls_cert) or self.base.startswith("https:")

    @property
    def shows_docs(self) -> bool:
        """Whether `/docs` and `/openapi.json` answer: as it is set, else where no token is asked for."""
        return self.access == "open" if self.docs is None else self.docs


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
