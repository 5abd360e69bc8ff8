"""The users of a NATS server: its configuration, which holds no password, and where the passwords are."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from tureen.contract.errors import InvalidType
from tureen.contract.permissions import User

_LETTERS = string.ascii_letters + string.digits


def variable(user: str) -> str:
    """Return the environment variable in which the server finds a user's password."""
    return f"NATS_PASSWORD_{re.sub(r'[^A-Za-z0-9]', '_', user).upper()}"


def new_passwords(users: Iterable[User]) -> dict[str, str]:
    """Return a random password for each user, by name."""
    # The server would take a word that begins with a digit for a number.
    return {user.name: f"p{''.join(secrets.choice(_LETTERS) for _ in range(23))}" for user in users}


def environment(passwords: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the server needs to read its configuration."""
    return {variable(name): password for name, password in passwords.items()}


def url(server: str, user: User, passwords: Mapping[str, str]) -> str:
    """Return a server's URL with a user's credentials inside."""
    parts = urlsplit(server)
    return f"{parts.scheme}://{user.name}:{passwords[user.name]}@{parts.netloc}"


def configuration(users: Iterable[User]) -> str:
    """Return the part of a server's configuration that names its users and what they may do.

    Raises:
        InvalidType: Two users are the same, or would have their passwords in the same variable.
    """
    listed = list(users)
    seen: dict[str, str] = {}
    for user in listed:
        other = seen.setdefault(variable(user.name), user.name)
        if other is not user.name:
            raise InvalidType(f"the names {other} and {user.name} differ too little")
    lines = (line for user in listed for line in _user(user))
    return "\n".join(("authorization {", "  users: [", *(f"    {line}" for line in lines), "  ]", "}", ""))


def _user(user: User) -> Iterator[str]:
    yield f"# {user.about} Its inbox prefix is {user.inbox_prefix}"
    yield "{"
    yield f"  user: {json.dumps(user.name)}"
    yield f"  password: ${variable(user.name)}"
    yield "  permissions: {"
    yield from _list("publish", user.may.publish, user.may.publish_not)
    yield from _list("subscribe", user.may.subscribe, ())
    yield "  }"
    yield "}"


def _list(verb: str, allowed: Iterable[str], denied: Iterable[str]) -> Iterator[str]:
    yield f"    {verb}: {{"
    for name, subjects in (("allow", allowed), ("deny", denied)):
        if quoted := [f"        {json.dumps(subject)}" for subject in subjects]:
            yield f"      {name}: ["
            yield from quoted
            yield "      ]"
    yield "    }"
