"""Every subject of Tureen, spelled once.

    tureen.v1.<tenant>.node.<nodeId>.<object>.<method>          a command to an object of that node's
    tureen.v1.<tenant>.<service>.<object>.<method>              a command to any replica of a service
    tureen.v1.<tenant>.event.<roomId>.<routerId>.<object>.<objectId>.<event>
    tureen.v1.<tenant>.inbox.<user>.>                           where a user takes its answers
    tureen.v1.system.heartbeat.<nodeId>
    tureen.v1.system.inventory.<nodeId>
    tureen.v1.system.event.<what>

`system` is the operator and no tenant's name.
"""

from __future__ import annotations

from typing import NamedTuple

from tureen.contract.errors import InvalidType
from tureen.contract.ids import is_id

PREFIX = "tureen.v1"
SYSTEM = "system"
DEFAULT_TENANT = "default"
ABSENT = "-"
"""Stands where an event has no room or router."""

HEARTBEATS = f"{PREFIX}.{SYSTEM}.heartbeat.*"
INVENTORIES = f"{PREFIX}.{SYSTEM}.inventory.*"
SYSTEM_EVENTS = f"{PREFIX}.{SYSTEM}.event.>"
ROOMS_BUCKET = "tureen-rooms"

# What permissions are written with.
ALL_EVENTS = f"{PREFIX}.*.event.>"
INBOXES = (f"{PREFIX}.*.inbox.>", "_INBOX.>", "_R_.>")
"""Where answers go: nothing else is published there, and services answer nowhere else."""


class CommandSubject(NamedTuple):
    """A command's subject, taken apart; `node_id` is empty unless `service` is `node`."""

    tenant: str
    service: str
    node_id: str
    object: str
    method: str


class EventSubject(NamedTuple):
    """An event's subject, taken apart; `room_id` and `router_id` are `ABSENT` where there is none."""

    tenant: str
    room_id: str
    router_id: str
    object: str
    object_id: str
    name: str


def _token(value: str) -> str:
    if not is_id(value):
        raise InvalidType(f"{value!r} cannot be part of a subject: use A-Z a-z 0-9 _ - only, at most 128 characters")
    return value


def node_command(tenant: str, node_id: str, object_: str, method: str) -> str:
    """Return the subject of a command to an object of one node agent."""
    return f"{PREFIX}.{_token(tenant)}.node.{_token(node_id)}.{object_}.{method}"


def node_commands(node_id: str) -> str:
    """Return the one subscription of a node agent: every command to it, of every tenant."""
    return f"{PREFIX}.*.node.{_token(node_id)}.>"


def service_command(tenant: str, service: str, object_: str, method: str) -> str:
    """Return the subject of a command to any replica of a service."""
    return f"{PREFIX}.{_token(tenant)}.{service}.{object_}.{method}"


def service_commands(service: str) -> str:
    """Return the one subscription of a service's replicas: every command to it, of every tenant."""
    return f"{PREFIX}.*.{service}.>"


def tenants_commands(tenant: str, service: str) -> str:
    """Return every subject by which one tenant commands a service; that of `node` are those of all nodes."""
    return f"{PREFIX}.{_token(tenant)}.{service}.>"


def any_command(service: str, name: str, tenant: str = "*") -> str:
    """Return the subjects of one command, `<object>.<method>` or a part with wild cards, to any node or replica."""
    return f"{PREFIX}.{tenant}.{service}{'.*' if service == 'node' else ''}.{name}"


def parse_command(subject: str) -> CommandSubject:
    """Take a command's subject apart.

    Raises:
        InvalidType: The subject is not that of a command.
    """
    tokens = subject.split(".")
    if len(tokens) >= 6 and ".".join(tokens[:2]) == PREFIX:
        tenant, service = tokens[2], tokens[3]
        if service == "node" and len(tokens) == 7:
            return CommandSubject(tenant, service, tokens[4], tokens[5], tokens[6])
        if service != "node" and len(tokens) == 6:
            return CommandSubject(tenant, service, "", tokens[4], tokens[5])
    raise InvalidType(f"{subject} is not a command's subject: expected {PREFIX}.<tenant>.<service>.<object>.<method>")


def event(tenant: str, room_id: str | None, router_id: str | None, object_: str, object_id: str, name: str) -> str:
    """Return the subject of an event of one object."""
    return f"{PREFIX}.{tenant}.event.{room_id or ABSENT}.{router_id or ABSENT}.{object_}.{object_id}.{name}"


def tenants_events(tenant: str) -> str:
    """Return everything that one tenant may hear of its objects."""
    return f"{PREFIX}.{_token(tenant)}.event.>"


def events(tenant: str, room_id: str = "*") -> str:
    """Return the subscription to all events of a tenant's room, or of all its rooms."""
    return f"{PREFIX}.{_token(tenant)}.event.{room_id}.>"


def router_events(tenant: str, router_id: str) -> str:
    """Return the subscription to all events of one router and of what is on it."""
    return f"{PREFIX}.{_token(tenant)}.event.*.{_token(router_id)}.>"


def object_events(tenant: str, object_: str, object_id: str) -> str:
    """Return the subscription to the events of one object that is on no router: a worker, or a WebRtcServer."""
    return f"{PREFIX}.{_token(tenant)}.event.{ABSENT}.{ABSENT}.{object_}.{_token(object_id)}.*"


def parse_event(subject: str) -> EventSubject:
    """Take the subject of an object's event apart.

    Raises:
        InvalidType: The subject is not that of an object's event.
    """
    tokens = subject.split(".")
    if len(tokens) == 9 and ".".join(tokens[:2]) == PREFIX and tokens[3] == "event":
        return EventSubject(tokens[2], *tokens[4:])
    raise InvalidType(f"{subject} is not the subject of an object's event")


def system_event(what: str) -> str:
    """Return the subject of an event of the cluster, such as `nodeJoined`."""
    return f"{PREFIX}.{SYSTEM}.event.{_token(what)}"


def heartbeat(node_id: str) -> str:
    """Return the subject of a node's heartbeats."""
    return f"{PREFIX}.{SYSTEM}.heartbeat.{_token(node_id)}"


def inventory(node_id: str) -> str:
    """Return the subject of a node's inventories."""
    return f"{PREFIX}.{SYSTEM}.inventory.{_token(node_id)}"


def inbox_prefix(tenant: str, user: str) -> str:
    """Return the inbox prefix that a user's connection must be made with."""
    return f"{PREFIX}.{_token(tenant)}.inbox.{_token(user)}"


def inboxes_of(tenant: str) -> tuple[str, ...]:
    """Return what the reply subjects begin with that are inboxes of that tenant, or of the system.

    The server checks no request's reply subject, so a service that answered anywhere could be made to publish anything
    (docs/wire.md, «Who may do what»). `_INBOX` is for tenant `default` only, `_R_` is the server's own rewriting
    between accounts.
    """
    inboxes = (f"{PREFIX}.{tenant}.inbox.", f"{PREFIX}.{SYSTEM}.inbox.", "_R_.")
    return (*inboxes, "_INBOX.") if tenant == DEFAULT_TENANT else inboxes
