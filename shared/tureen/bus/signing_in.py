"""What nats-py is told to connect, and what a failed attempt means."""

from __future__ import annotations

import ssl
from typing import Any

from tureen.bus.settings import BusSettings, without_credentials
from tureen.contract.errors import TureenError, Unauthorized, Unavailable


def options(settings: BusSettings) -> dict[str, Any]:
    """Return what nats-py is told."""
    options: dict[str, Any] = {
        "name": settings.name,
        "connect_timeout": settings.connect_timeout,
        "ping_interval": settings.ping_interval,
        "max_outstanding_pings": settings.pings_outstanding,
    }
    if settings.user and settings.password is not None:
        options |= {"user": settings.user, "password": settings.password.get_secret_value()}
    if settings.token is not None:
        options["token"] = settings.token.get_secret_value()
    if settings.nkey_seed_file is not None:
        options["nkeys_seed"] = str(settings.nkey_seed_file)
    if settings.credentials_file is not None:
        options["user_credentials"] = str(settings.credentials_file)
    if settings.tls_ca is not None or settings.tls_certificate is not None:
        context = ssl.create_default_context(cafile=str(settings.tls_ca) if settings.tls_ca else None)
        if settings.tls_certificate is not None and settings.tls_key is not None:
            context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        options["tls"] = context
    return options


def refusal(server: str, error: Exception) -> TureenError:
    """Return what to say about a failed attempt; the URL is shown without its password."""
    shown = without_credentials(server)
    text = str(error).strip().removeprefix("nats: ") or type(error).__name__
    if "authorization violation" in text.lower() or "authentication" in text.lower():
        return Unauthorized(f"the NATS server at {shown} refuses these credentials: check user and password")
    if isinstance(error, ModuleNotFoundError):
        return Unauthorized("nkeys and credentials files need the package nkeys: pip install 'tureen[nkeys]'")
    if isinstance(error, TimeoutError):
        return Unavailable(f"the NATS server at {shown} does not answer")
    if isinstance(error, OSError) and error.filename:
        return Unauthorized(f"cannot read {error.filename}: {error.strerror}")
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return Unavailable(f"no NATS server answers at {shown}: start one, or correct the URL ({text})")
    return Unavailable(f"no connection to the NATS server at {shown}: {text}")
