"""Hosts of their own on one machine: network namespaces, linked by pairs of virtual Ethernet devices. Needs root."""

from __future__ import annotations

import ctypes
import os
import secrets
import socket as sockets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

_CLONE_NEWNET = 0x40000000
_ALL_PROTOCOLS = 0x0003
_RECEIVE_BUFFER_FORCE = 33
"""SO_RCVBUFFORCE, which Python does not name."""


@dataclass(frozen=True, slots=True)
class Host:
    """A namespace.

    Attributes:
        name: Its name for `ip netns`.
        address: Its address on the link to the other host, over which media goes.
        outside: The address of this machine that it can reach, over a link of its own.
    """

    name: str
    address: str
    outside: str

    def command(self, *arguments: str) -> list[str]:
        """Return a command that runs another one on this host."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def socket(self, *arguments: Any) -> sockets.socket:
        """Make a socket on this host; it stays there, whoever uses it."""
        with ThreadPoolExecutor(1) as thread:
            made: sockets.socket = thread.submit(self._socket_here, *arguments).result()
        return made

    def udp(self) -> sockets.socket:
        """Make a UDP socket on this host's address for media."""
        made = self.socket(sockets.AF_INET, sockets.SOCK_DGRAM)
        made.bind((self.address, 0))
        made.setblocking(False)
        return made

    def tap(self) -> sockets.socket:
        """Make a socket that hears every packet of this host."""
        made = self.socket(sockets.AF_PACKET, sockets.SOCK_RAW, sockets.htons(_ALL_PROTOCOLS))
        # As root the kernel's limit does not hold; what is heard is read later.
        made.setsockopt(sockets.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, 16 * 1024 * 1024)
        made.setblocking(False)
        return made

    def _socket_here(self, *arguments: Any) -> sockets.socket:
        """Enter the namespace, with this thread alone, and make a socket."""
        with open(f"/run/netns/{self.name}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        return sockets.socket(*arguments)


def why_not() -> str:
    """Return why hosts cannot be made here, or nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    # A container may lack the right even where there is a root; and `ip` mounts a /sys of its own in a namespace that
    # it enters, which fails where / is no mount point, as in a plain chroot.
    name = f"tureen-{secrets.token_hex(2)}-probe"
    try:
        with ExitStack() as stack:
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            _ip("-n", name, "link", "set", "lo", "up")
    except OSError as error:
        return f"network namespaces cannot be used here: {error}"
    return ""


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Make two hosts that reach each other, and this machine, on addresses of their own; undo it afterwards."""
    tag = secrets.token_hex(2)
    network = f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(250)}"
    hosts = [
        Host(f"tureen-{tag}{letter}", f"{network}.{129 + index}", f"{network}.{1 + 4 * index}")
        for index, letter in enumerate("ab")
    ]
    with ExitStack() as stack:
        for index, host in enumerate(hosts):
            _ip("netns", "add", host.name)
            stack.callback(_ip, "netns", "del", host.name)
            _link_outside(host, f"tur{tag}{index}", f"{network}.{2 + 4 * index}")
        _link(hosts, tag)
        yield hosts[0], hosts[1]


def _link_outside(host: Host, device: str, address: str) -> None:
    """Link a host with this machine, all of whose addresses it reaches by that."""
    _ip("link", "add", device, "type", "veth", "peer", "name", "outside", "netns", host.name)
    _ip("addr", "add", f"{host.outside}/30", "dev", device)
    _ip("link", "set", device, "up")
    _ip("-n", host.name, "addr", "add", f"{address}/30", "dev", "outside")
    for name in ("lo", "outside"):
        _ip("-n", host.name, "link", "set", name, "up")
    _ip("-n", host.name, "route", "add", "default", "via", host.outside)


def _link(hosts: list[Host], tag: str) -> None:
    """Link both hosts with each other."""
    first, second = hosts
    ends = [f"m{tag}{index}" for index in range(2)]
    _ip("-n", first.name, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1], "netns", second.name)
    for host, device in zip(hosts, ends, strict=True):
        _ip("-n", host.name, "addr", "add", f"{host.address}/30", "dev", device)
        _ip("-n", host.name, "link", "set", device, "up")


def _ip(*arguments: str) -> None:
    ran = subprocess.run(["ip", *arguments], check=False, capture_output=True)
    if ran.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {ran.stderr.decode(errors='replace').strip()}")
