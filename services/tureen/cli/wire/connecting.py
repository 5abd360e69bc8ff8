"""Who the command line is on NATS, and for which tenant it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from tureen.bus import Bus, BusSettings
from tureen.config import SettingsError
from tureen.contract import permissions, subjects
from tureen.contract.ids import is_id

ENV_PREFIX = "TUREEN_CLI_NATS__"
PATIENCE = 2.0
"""Seconds in which a server must answer; somebody is waiting."""

Url = Annotated[
    str | None,
    typer.Option(
        envvar="NATS_URL",
        metavar="URL",
        help="The NATS server, as `tureen up` prints it: nats://user:password@host:port. Where others can see "
        f"processes' arguments, use the variable. {ENV_PREFIX}… has all other settings of a connection.",
        show_default="nats://127.0.0.1:4222",
    ),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        envvar="TUREEN_CLI_TENANT",
        metavar="TENANT",
        help="For whom; `system` is the operator.",
        show_default="the user's own, else default",
    ),
]


def settings(url: str | None, environ: Mapping[str, str] | None = None) -> BusSettings:
    """Return how to connect; a user called `tenant-<tenant>` is that tenant's, where nothing else is said.

    Raises:
        SettingsError: The URL or a variable is wrong.
    """
    flags = {"servers": url, "name": "tureen-cli", "connect_patience": PATIENCE}
    loaded = BusSettings.load(flags, ENV_PREFIX, environ=environ)
    if "tenant" in loaded.model_fields_set:
        return loaded
    return loaded.model_copy(update={"tenant": permissions.tenant_of(loaded.user_name)})


def speaks_for(settings: BusSettings, tenant: str | None) -> str:
    """Return the tenant that commands are sent for: the one that was named, else the user's own, else `default`.

    Raises:
        SettingsError: No tenant can have that name.
    """
    if tenant and not is_id(tenant):
        raise SettingsError(f"{tenant!r} is no tenant's name: use A-Z a-z 0-9 _ -")
    if tenant:
        return tenant
    return subjects.DEFAULT_TENANT if settings.tenant == subjects.SYSTEM else settings.tenant


@asynccontextmanager
async def connected(settings: BusSettings) -> AsyncIterator[Bus]:
    """Connect for as long as the context lasts; errors as of `Bus.connect`."""
    bus = await Bus.connect(settings)
    try:
        yield bus
    finally:
        await bus.close()
