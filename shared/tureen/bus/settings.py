"""How a process connects to NATS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from tureen.config import Settings
from tureen.contract import subjects
from tureen.contract.ids import Id, is_id

_SCHEMES = ("nats", "tls")


class BusSettings(Settings):
    """How a process connects to NATS.

    Attributes:
        servers: URLs `nats://[user:password@]host[:port]` or `tls://…`; `tls` insists on encryption.
        name: The connection's name, as operators see it.
        tenant: Whose user this is; `system` is the operator.
        user: The user's name; default: the one in the first URL.
        password: The user's password, where it is not in the URL.
        token: A token instead of user and password.
        nkey_seed_file: A file that holds the seed of the user's nkey.
        credentials_file: A `.creds` file: the user's JWT and seed.
        inbox_user: The user's part of the inbox; default: `user`, else `name`.
        tls_ca: The authority that signed the servers' certificates; default: the system's.
        tls_certificate: This client's certificate, where the servers want one.
        tls_key: The key of that certificate.
        connect_timeout: Seconds that one server has to answer a connection attempt.
        connect_patience: Seconds in which the first connection must succeed; 0 tries each server once.
        reconnect_wait: Seconds before the second attempt to reconnect, doubled with each failure, with jitter.
        reconnect_wait_max: Most seconds between two attempts.
        ping_interval: Seconds between two pings.
        pings_outstanding: Unanswered pings after which the connection is given up.
        outbox_limit: Bytes that may wait for a slow server before messages are dropped and requests refused.
    """

    servers: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["nats://127.0.0.1:4222"])
    name: str = "tureen"
    tenant: Id = subjects.SYSTEM
    user: str = ""
    password: SecretStr | None = None
    token: SecretStr | None = None
    nkey_seed_file: Path | None = None
    credentials_file: Path | None = None
    inbox_user: Id | None = None
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    connect_timeout: Annotated[float, Field(gt=0)] = 2.0
    connect_patience: Annotated[float, Field(ge=0)] = 10.0
    reconnect_wait: Annotated[float, Field(gt=0)] = 0.25
    reconnect_wait_max: Annotated[float, Field(gt=0)] = 2.0
    ping_interval: Annotated[float, Field(gt=0)] = 1.0
    pings_outstanding: Annotated[int, Field(ge=1)] = 2
    outbox_limit: Annotated[int, Field(gt=0)] = 32 * 1024 * 1024

    @field_validator("servers", mode="before")
    @classmethod
    def _one_server_is_a_list(cls, value: object) -> object:
        return [server.strip() for server in value.split(",")] if isinstance(value, str) else value

    @field_validator("servers")
    @classmethod
    def _servers_are_urls(cls, servers: list[str]) -> list[str]:
        return [_checked(server) for server in servers]

    @model_validator(mode="after")
    def _certificate_and_key_belong_together(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both or neither")
        return self

    @property
    def user_name(self) -> str:
        """Who signs in: `user`, else the user in the first URL, else nobody."""
        return self.user or unquote(urlsplit(self.servers[0]).username or "")

    @property
    def inbox_prefix(self) -> str:
        """Where this connection takes its answers."""
        user = self.inbox_user or self.user_name or self.name
        return subjects.inbox_prefix(self.tenant, user if is_id(user) else "user")


def _checked(server: str) -> str:
    url = server if "://" in server else f"nats://{server}"
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"a server's URL begins with nats:// or tls://, not {parts.scheme}://")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("a server's port is a number below 65536") from None
    if not parts.hostname:
        raise ValueError("a server's URL needs a host, as in nats://host:4222")
    return url if port else f"{url.rstrip('/').rstrip(':')}:4222"


def without_credentials(server: str) -> str:
    """Return a server's URL as it may be shown."""
    parts = urlsplit(server)
    host = parts.netloc.rsplit("@", 1)[-1]
    return f"{parts.scheme}://{host}"
