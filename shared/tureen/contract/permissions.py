"""Who may do what on NATS: for each user what it may publish and what it may hear, and nothing else.

The servers' configurations are made from this (scripts/nats_permissions.py, `tureen up`). No user has
`allow_responses`: the server does not check a request's reply subject, and who may answer anywhere can be made to
publish anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from tureen.contract import subjects
from tureen.contract.errors import InvalidType
from tureen.contract.ids import is_id
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM

_TENANTS_SERVICES = ("node", "placement", "signaling", "metrics")
"""What a tenant may command."""
_TENANTS_USER = "tenant-"
"""What the names of tenants' users begin with, unless they have names of their own."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What one user may do; a denial beats what is allowed.

    Attributes:
        publish: Subjects that it may publish to.
        subscribe: Subjects that it may hear.
        publish_not: Subjects within `publish` that it may not publish to after all.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    publish_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    """One user of the NATS server.

    Attributes:
        name: Its name on the server, unique there.
        tenant: Whose it is; `system` is the operator's.
        about: One sentence for who reads the configuration.
        may: What it may do.
    """

    name: str
    tenant: str
    about: str
    may: Permissions

    @property
    def inbox_prefix(self) -> str:
        """The inbox prefix that its connections must be made with."""
        return subjects.inbox_prefix(self.tenant, self.name)


def node_agent(node_id: str) -> User:
    """Return the user of one node's agent, `node-<nodeId>`."""
    name = f"node-{node_id}"
    publish = (
        subjects.heartbeat(node_id),
        subjects.inventory(node_id),
        subjects.ALL_EVENTS,
        subjects.any_command("placement", "room.route"),
        subjects.any_command("node", "pipe.*", SYSTEM),
        *subjects.INBOXES,
    )
    subscribe = (subjects.node_commands(node_id), *_discovery("node-agent"), _inbox(SYSTEM, name))
    return User(name, SYSTEM, f"The agent of node {node_id}.", Permissions(publish, subscribe))


def placement(bucket: str = subjects.ROOMS_BUCKET) -> User:
    """Return the user of placement's replicas; the bucket holds the rooms' records."""
    publish = (
        subjects.any_command("node", "router.close"),
        subjects.any_command("node", ">", SYSTEM),
        subjects.SYSTEM_EVENTS,
        *subjects.INBOXES,
        *_bucket(bucket),
    )
    subscribe = (*_commands("placement"), *_cluster(), _inbox(SYSTEM, "placement"))
    return User("placement", SYSTEM, "Placement, all replicas.", Permissions(publish, subscribe))


def signaling() -> User:
    """Return the user of signaling: it acts for tenants, and never as the operator."""
    publish = (
        subjects.any_command("placement", "room.>"),
        subjects.any_command("node", ">"),
        *subjects.INBOXES,
    )
    denied = (subjects.any_command("placement", ">", SYSTEM), subjects.any_command("node", ">", SYSTEM))
    subscribe = (*_commands("signaling"), subjects.ALL_EVENTS, _inbox(SYSTEM, "signaling"))
    return User("signaling", SYSTEM, "Signaling, all replicas.", Permissions(publish, subscribe, denied))


def metrics() -> User:
    """Return the user of the metrics service."""
    publish = (subjects.any_command("node", "inventory.get", SYSTEM), *subjects.INBOXES)
    subscribe = (*_commands("metrics"), *_cluster(), _inbox(SYSTEM, "metrics"))
    return User("metrics", SYSTEM, "The metrics service.", Permissions(publish, subscribe))


def operator(name: str = "operator") -> User:
    """Return a user of the operator's: it commands as `system`, finds every service and hears everything told."""
    publish = (
        *(subjects.tenants_commands(SYSTEM, service) for service in _TENANTS_SERVICES),
        "$SRV.>",
        "$SYS.REQ.>",
    )
    subscribe = (*_cluster(), subjects.ALL_EVENTS, "$SYS.>", _inbox(SYSTEM, name))
    return User(name, SYSTEM, "The operator.", Permissions(publish, subscribe))


def tenant(tenant: str, name: str = "") -> User:
    """Return a user of a tenant's; default name: `tenant-<tenant>`.

    Raises:
        InvalidType: The tenant is `system`, or no id.
    """
    if not is_id(tenant) or tenant == SYSTEM:
        raise InvalidType(f"{tenant!r} is no tenant's name: use A-Z a-z 0-9 _ -, at most 121 of them, and not {SYSTEM}")
    name = name or f"{_TENANTS_USER}{tenant}"
    # Programs that know nothing of inbox prefixes use this one; it can be one tenant's only.
    inboxes = (_inbox(tenant, name), *(("_INBOX.>",) if tenant == DEFAULT_TENANT else ()))
    publish = tuple(subjects.tenants_commands(tenant, service) for service in _TENANTS_SERVICES)
    subscribe = (subjects.tenants_events(tenant), *inboxes)
    return User(name, tenant, f"Tenant {tenant}.", Permissions(publish, subscribe))


def tenant_of(user: str) -> str:
    """Return whose user this is by its name: a tenant's where it is `tenant-<tenant>`, otherwise the operator's."""
    tenant = user.removeprefix(_TENANTS_USER) if user.startswith(_TENANTS_USER) else ""
    return tenant if is_id(tenant) else SYSTEM


def local(name: str = "local") -> User:
    """Return the user of who runs a whole cluster on his machine: the operator, and tenant `default` as well."""
    first, second = operator(name).may, tenant(DEFAULT_TENANT, name).may
    publish = _merged(first.publish, second.publish)
    subscribe = _merged(first.subscribe, second.subscribe)
    about = f"Who runs `tureen up`: the operator and tenant {DEFAULT_TENANT} in one."
    return User(name, SYSTEM, about, Permissions(publish, subscribe))


def _commands(service: str) -> tuple[str, ...]:
    return (subjects.service_commands(service), *_discovery(service))


def _discovery(name: str) -> tuple[str, ...]:
    """Return where a service is asked what it is (ADR-32)."""
    return ("$SRV.*", f"$SRV.*.{name}", f"$SRV.*.{name}.*")


def _cluster() -> tuple[str, ...]:
    return (subjects.HEARTBEATS, subjects.INVENTORIES, subjects.SYSTEM_EVENTS)


def _inbox(tenant: str, name: str) -> str:
    return f"{subjects.inbox_prefix(tenant, name)}.>"


def _bucket(bucket: str) -> tuple[str, ...]:
    """Return what a key-value bucket takes: its records, its making, reading, following; not its deletion."""
    stream = f"KV_{bucket}"
    return (
        f"$KV.{bucket}.>",
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.STREAM.CREATE.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}",
        f"$JS.API.CONSUMER.DELETE.{stream}.*",
        f"$JS.FC.{stream}.>",
    )


def _merged(*lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subject for subjects_ in lists for subject in subjects_))
