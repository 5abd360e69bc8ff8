from __future__ import annotations

from pydantic import Field, SecretStr

from tureen.config import Settings, describe


class Nested(Settings):
    """Settings below.

    Attributes:
        password: A secret.
        servers: Where to connect.
    """

    password: SecretStr | None = None
    servers: list[str] = Field(default_factory=lambda: ["nats://127.0.0.1:4222"])


class Service(Settings):
    """Settings of a service.

    Attributes:
        port: Where to listen;
            0 is any free port.
    """

    port: int = 3000
    nats: Nested = Field(default_factory=Nested)


def test_every_setting_is_named_with_its_default() -> None:
    """Each leaf is shown as the variable that sets it, with its default and what its docstring says."""
    text = describe(Service, "TUREEN_SERVICE_")
    assert "TUREEN_SERVICE_PORT = 3000\n      Where to listen; 0 is any free port." in text
    assert 'TUREEN_SERVICE_NATS__SERVERS = ["nats://127.0.0.1:4222"]' in text


def test_secrets_are_not_shown() -> None:
    """A secret has no default on the page."""
    lines = describe(Service, "TUREEN_SERVICE_").splitlines()
    assert "  TUREEN_SERVICE_NATS__PASSWORD" in lines
