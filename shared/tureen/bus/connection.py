"""The process's connection to NATS: one client after another, with the subscriptions carried over."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from urllib.parse import urlsplit

from tureen.bus.client import Client, Listener
from tureen.bus.settings import BusSettings
from tureen.bus.signing_in import options, refusal
from tureen.contract.errors import TureenError, Unauthorized, Unavailable

log = logging.getLogger(__name__)

_FIRST_WAIT = 0.1
"""Seconds within which the first attempt to reconnect is made, so that a thousand clients do not come at once."""


class Subscription:
    """Interest in a subject, for as long as the connection's owner wants, whatever becomes of single clients."""

    def __init__(self, connection: Connection, subject: str, queue: str, listener: Listener) -> None:
        self.subject = subject
        self.queue = queue
        self.denied = False
        self._connection = connection
        self._listener = listener
        self._client: Client | None = None
        self._sid = 0

    def attach(self, client: Client) -> None:
        """Subscribe on a client."""
        self._client = client
        self._sid = client.listen(self.subject, self.queue, self._listener)

    def abandon(self) -> None:
        """End it at once; what is on its way is lost."""
        self._connection.release(self)
        if self._client is not None:
            self._client.unlisten(self._sid)
            self._client.forget(self._sid)

    async def unsubscribe(self) -> None:
        """End it; every message that the server has sent by then has reached the listener when this returns."""
        self._connection.release(self)
        client, self._client = self._client, None
        if client is not None:
            client.unlisten(self._sid)
            await client.barrier()
            client.forget(self._sid)


class Connection:
    """The process's connection to NATS.

    Args:
        settings: How to connect.
        on_lost: Called when a client is lost, with the reason.
        on_restored: Called when the next one is there and has the subscriptions.
        on_denied: Called when the server denies a `publish` or a `subscription`, with the subject.

    Attributes:
        client: The client of this moment; None while there is no connection.
    """

    def __init__(
        self,
        settings: BusSettings,
        *,
        on_lost: Callable[[str], None],
        on_restored: Callable[[], None],
        on_denied: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._on_lost = on_lost
        self._on_restored = on_restored
        self._on_denied = on_denied
        self._servers = _shuffled(settings.servers)
        self.client: Client | None = None
        self._subscriptions: dict[Subscription, None] = {}
        self._lost = asyncio.Event()
        self._restored = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False
        self._endings: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            Unauthorized: The server refuses these credentials.
            Unavailable: No server answers within `connect_patience`.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._settings.connect_patience
        attempt = 0
        while True:
            server = self._next_server()
            try:
                self._adopt(await self._attempt(server))
                break
            except Unauthorized:
                raise
            except TureenError as error:
                attempt += 1
                if attempt >= len(self._servers) and loop.time() >= give_up_at:
                    raise
                log.info("%s; trying again", error.message)
                await asyncio.sleep(min(self._wait(attempt), max(give_up_at - loop.time(), 0)))
        self._keeper = asyncio.create_task(self._keep(), name="tureen.bus")

    async def listen(self, subject: str, queue: str, listener: Listener) -> Subscription:
        """Subscribe; a message that anybody publishes after this returns arrives.

        Raises:
            Unauthorized: The server denies it.
            Unavailable: There is no connection, and none within `connect_patience`.
        """
        subscription = self.hear(subject, queue, listener)
        try:
            await self._settle()
        except BaseException:
            subscription.abandon()
            raise
        if subscription.denied:
            subscription.abandon()
            raise Unauthorized(f"NATS denies this user to subscribe to {subject}", details={"subject": subject})
        return subscription

    def hear(self, subject: str, queue: str, listener: Listener) -> Subscription:
        """Subscribe without waiting: the server knows of it before it gets what is sent after this."""
        subscription = Subscription(self, subject, queue, listener)
        self._subscriptions[subscription] = None
        if self.client is not None:
            subscription.attach(self.client)
        return subscription

    def release(self, subscription: Subscription) -> None:
        """Carry a subscription over to the next client no more."""
        self._subscriptions.pop(subscription, None)

    async def barrier(self) -> bool:
        """Wait until the server has taken everything sent so far; tell whether it did."""
        return self.client is not None and await self.client.barrier()

    async def close(self) -> None:
        """Send what is waiting and end the connection."""
        # `asyncio.wait_for` of Python 3.11, which nats-py connects with, may swallow what cancels the keeper.
        self._closing = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        client, self.client = self.client, None
        self._restored.clear()
        if client is not None:
            await client.close()
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def _settle(self) -> None:
        """Wait until the server knows the subscriptions, on this client or the next one."""
        try:
            async with asyncio.timeout(self._settings.connect_patience):
                while not await self.barrier():
                    await self._restored.wait()
        except TimeoutError:
            raise Unavailable("there is no connection to NATS") from None

    # Replacing the client.

    async def _keep(self) -> None:
        """Replace every client that is lost, until this is closed."""
        while not self._closing:
            await self._lost.wait()
            self._lost.clear()
            await self._replace()
            if await self.barrier():
                log.info("connected to NATS again")
                self._on_restored()

    async def _replace(self) -> None:
        attempt = 0
        while not self._closing:
            await asyncio.sleep(self._wait(attempt))
            try:
                self._adopt(await self._attempt(self._next_server()))
            except TureenError as error:
                attempt += 1
                log.log(logging.WARNING if attempt in (1, 10) else logging.DEBUG, "%s", error.message)
            else:
                return

    def _wait(self, attempt: int) -> float:
        """Return how long to wait before an attempt, with full jitter."""
        longest = self._settings.reconnect_wait * 2.0 ** (attempt - 1) if attempt else _FIRST_WAIT
        return random.uniform(0, min(longest, self._settings.reconnect_wait_max))  # noqa: S311

    def _next_server(self) -> str:
        server = self._servers.pop(0)
        self._servers.append(server)
        return server

    async def _attempt(self, server: str) -> Client:
        """Connect to one server, once."""
        client = Client(lambda reason: self._client_lost(client, reason), self._denied)
        try:
            async with asyncio.timeout(2 * self._settings.connect_timeout):
                await client.open(server, **options(self._settings))
        except BaseException as error:
            client.abort()
            if isinstance(error, Exception):
                raise refusal(server, error) from None
            raise
        return client

    def _adopt(self, client: Client) -> None:
        """Make a client the one in use, with every subscription on it."""
        self.client = client
        for subscription in self._subscriptions:
            subscription.attach(client)
        self._restored.set()

    def _discover(self, client: Client) -> None:
        """Try the servers that the cluster has now as well, with the same credentials, in any order."""
        url = urlsplit(client.server)
        userinfo = f"{url.netloc.rpartition('@')[0]}@" if "@" in url.netloc else ""
        known = {urlsplit(each).netloc.rpartition("@")[2] for each in self._settings.servers}
        addresses = client.server_info.get("connect_urls") or []
        found = [f"{url.scheme}://{userinfo}{each}" for each in addresses if each not in known]
        self._servers = _shuffled([*self._settings.servers, *found])

    def _client_lost(self, client: Client, reason: str) -> None:
        if client is not self.client:
            return
        self.client = None
        self._discover(client)
        self._restored.clear()
        self._lost.set()
        ending = asyncio.create_task(client.close(), name="tureen.bus.ending")
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        log.warning("the connection to NATS is lost: %s", reason)
        self._on_lost(reason)

    def _denied(self, kind: str, subject: str) -> None:
        if kind == "subscription":
            for subscription in self._subscriptions:
                subscription.denied |= subscription.subject == subject
        self._on_denied(kind, subject)


def _shuffled(servers: list[str]) -> list[str]:
    return random.sample(servers, len(servers))
