"""What a process needs of NATS: requests, events and subscriptions."""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Self

from tureen.bus import headers as header
from tureen.bus import payload as codec
from tureen.bus.again import Again
from tureen.bus.client import Client, Listener
from tureen.bus.connection import Connection, Subscription
from tureen.bus.events import EventListener, PayloadListener
from tureen.bus.parser import Delivery
from tureen.bus.requests import Pending
from tureen.bus.settings import BusSettings
from tureen.contract import errors, subjects
from tureen.telemetry import TRACEPARENT, TraceContext, current_trace

log = logging.getLogger(__name__)

Callback = Callable[[], Awaitable[None] | None]


class Bus:
    """A process's place on NATS; made by `Bus.connect`.

    Attributes:
        settings: How it is connected.
        dropped: What was lost on the way, by cause, for the metrics. Out: an error's type (`Unavailable`, `TooLarge`,
            `Malformed`, `TypeError`) or `denied_publish`; in: `malformed_event`, `slow_listener`.
    """

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings
        self.dropped: Counter[str] = Counter()
        # Answers come to a place that nobody can guess.
        self._inbox = f"{settings.inbox_prefix}.{secrets.token_hex(12)}"
        self._pending = Pending(self._inbox)
        self._on_reconnect: list[Callback] = []
        self._on_disconnect: list[Callback] = []
        self._running: set[asyncio.Task[None]] = set()
        self._connection = Connection(settings, on_lost=self._lost, on_restored=self._restored, on_denied=self._denied)

    @classmethod
    async def connect(cls, settings: BusSettings) -> Self:
        """Connect to NATS.

        Raises:
            Unauthorized: The server refuses the credentials, or denies the inbox.
            Unavailable: No server answers within `connect_patience`.
        """
        bus = cls(settings)
        await bus._connection.open()
        try:
            await bus.listen(f"{bus._inbox}.*", bus._pending.answer)
        except BaseException as error:
            await bus.close()
            if isinstance(error, errors.Unauthorized):
                raise errors.Unauthorized(
                    f"NATS denies this user the inbox {settings.inbox_prefix}.>: check tenant and inbox_user"
                ) from None
            raise
        return bus

    @property
    def connected(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._connection.client is not None

    @property
    def max_payload(self) -> int:
        """The most bytes that headers and body may have together, as the server says."""
        client = self._connection.client
        return client.payload_limit if client is not None else Client.payload_limit

    # Asking.

    async def request(
        self, subject: str, payload: Mapping[str, Any], *, timeout: float = 5.0, tries: int = 1
    ) -> dict[str, Any]:
        """Ask, and return the answer's body.

        Args:
            subject: Whom.
            payload: What.
            timeout: The seconds that all tries have together.
            tries: How often it is sent at most while no answer comes: see `Again`. More than once only what may be.

        Raises:
            Malformed: The payload cannot be sent.
            TooLarge: Headers and body are too large; nothing was sent.
            Unauthorized: The server denies this user the subject.
            Unavailable: There is no connection, or nobody answers on the subject; nothing was sent.
            Timeout: No answer within `timeout` seconds, or the connection was lost after sending.
            TureenError: What the answer says.
        """
        trace = current_trace() or TraceContext.new()
        headers = {TRACEPARENT: trace.child().traceparent, header.TIMEOUT_MS: str(int(timeout * 1000))}
        delivery = await self.exchange(subject, codec.encode(payload), headers, timeout=timeout, tries=tries)
        return _answer(delivery, subject)

    async def command(
        self,
        service: str,
        name: str,
        payload: Mapping[str, Any],
        *,
        tenant: str,
        node_id: str | None = None,
        timeout: float = 5.0,
    ) -> dict[str, Any]:
        """Send a command, `<object>.<method>`, to a service, or to the agent of `node_id`; errors as of `request`."""
        object_, _, method = name.partition(".")
        if node_id is not None:
            subject = subjects.node_command(tenant, node_id, object_, method)
        else:
            subject = subjects.service_command(tenant, service, object_, method)
        return await self.request(subject, payload, timeout=timeout)

    async def exchange(
        self, subject: str, body: bytes, headers: Mapping[str, str], *, timeout: float, tries: int = 1
    ) -> Delivery:
        """Send bytes and return what comes back, as it is; errors as of `request` but for those in the answer."""
        block = header.encode(headers) if headers else b""
        client = self._sender(len(block) + len(body))
        if timeout <= 0:
            raise errors.Timeout(f"no time was left to ask {subject}")
        reply, answered = self._pending.add(subject)
        expiry = asyncio.get_running_loop().call_later(timeout, self._pending.late, reply, subject, timeout)
        again = Again(lambda left: self._resend(subject, reply, headers, body, left), timeout, tries - 1)
        try:
            client.send(subject, reply, block, body)
            delivery = await answered
        finally:
            expiry.cancel()
            again.end()
            self._pending.forget(reply)
        try:
            return _heard(delivery, subject)
        except errors.Unavailable:
            if again.sent:
                # Somebody was there before.
                raise errors.Timeout(f"nobody answers on {subject} any more") from None
            raise

    def _resend(self, subject: str, reply: str, headers: Mapping[str, str], body: bytes, left: float) -> None:
        """Send a request again, with the time that it has left; where it cannot be sent its time runs out."""
        block = header.encode({**headers, header.TIMEOUT_MS: str(int(left * 1000))})
        try:
            self._sender(len(block) + len(body)).send(subject, reply, block, body)
        except errors.TureenError as error:
            log.debug("a request to %s could not be sent again: %s", subject, error.message)

    def begin(self, subject: str, payload: Mapping[str, Any], *, timeout: float = 5.0) -> asyncio.Future[Delivery]:
        """Send a request at once, for who cannot wait; `finish` takes what this returns. Errors as of `exchange`."""
        trace = current_trace() or TraceContext.new()
        block = header.encode({TRACEPARENT: trace.child().traceparent, header.TIMEOUT_MS: str(int(timeout * 1000))})
        body = codec.encode(payload)
        client = self._sender(len(block) + len(body))
        reply, answered = self._pending.add(subject)
        expiry = asyncio.get_running_loop().call_later(timeout, self._pending.late, reply, subject, timeout)

        def done(future: asyncio.Future[Delivery]) -> None:
            expiry.cancel()
            self._pending.forget(reply)
            if not future.cancelled():
                future.exception()

        answered.add_done_callback(done)
        client.send(subject, reply, block, body)
        return answered

    async def finish(self, subject: str, begun: asyncio.Future[Delivery]) -> dict[str, Any]:
        """Wait for the answer of what was begun, and return its body; errors as of `request`."""
        return _answer(_heard(await begun, subject), subject)

    def _sender(self, size: int) -> Client:
        """Return the client that can take this many bytes now."""
        client = self._connection.client
        if client is None:
            raise errors.Unavailable("there is no connection to NATS; nothing was sent")
        if size > client.payload_limit:
            raise errors.TooLarge(
                f"{size} bytes are more than the server takes", details={"limit": client.payload_limit, "size": size}
            )
        if client.congested and client.waiting > self.settings.outbox_limit:
            raise errors.Unavailable("the NATS server does not keep up; nothing was sent")
        return client

    # Telling.

    def publish(self, subject: str, payload: Mapping[str, Any]) -> None:
        """Tell whoever listens, at most once; what cannot be sent now is dropped and counted."""
        trace = current_trace()
        try:
            body = codec.encode(payload)
        except errors.Malformed as error:
            self._drop(subject, error)
            return
        self.send(subject, body, header.of_trace(trace.traceparent) if trace else b"")

    def send(self, subject: str, body: bytes, block: bytes = b"") -> bool:
        """Send bytes, with a block of headers, without waiting; tell whether they were sent or dropped and counted."""
        try:
            self._sender(len(block) + len(body)).send(subject, "", block, body)
        except errors.TureenError as error:
            self._drop(subject, error)
            return False
        return True

    def _drop(self, subject: str, error: errors.TureenError) -> None:
        self.dropped[error.type] += 1
        # Without a connection there is nothing to be said about each message; the rest are mistakes of ours.
        level = logging.DEBUG if isinstance(error, errors.Unavailable) else logging.ERROR
        log.log(level, "a message to %s was dropped: %s", subject, error.message)

    # Hearing.

    async def subscribe(self, subject: str, listener: PayloadListener, *, queue: str = "") -> Subscription:
        """Hear events: `listener(subject, payload)` is called for each in the order of arrival, one at a time.

        A message that anybody publishes after this returns arrives. What is malformed is counted and logged; an error
        of the listener is logged.

        Raises:
            Unauthorized: The server denies the subscription.
            Unavailable: There is no connection, and none within `connect_patience`.
        """
        return await self.listen(subject, EventListener(subject, listener, self.dropped, self._spawn), queue=queue)

    def hear(self, subject: str, listener: PayloadListener) -> Subscription:
        """Hear events as by `subscribe`, but without waiting: whatever is sent after this meets a server that knows.

        A denial is logged and counted, as `denied_subscription`.
        """
        return self._connection.hear(subject, "", EventListener(subject, listener, self.dropped, self._spawn))

    async def listen(self, subject: str, listener: Listener, *, queue: str = "") -> Subscription:
        """Hear messages as they are; the listener may not wait. Errors as of `subscribe`."""
        return await self._connection.listen(subject, queue, listener)

    def new_inbox(self) -> str:
        """Return a subject that is this connection's own, to hear more than one answer."""
        return f"{self._inbox}.{secrets.token_hex(8)}.m"

    async def barrier(self) -> bool:
        """Wait until the server has taken everything sent so far; tell whether it did."""
        return await self._connection.barrier()

    # The connection's life.

    def on_reconnect(self, callback: Callback) -> Callable[[], None]:
        """Call this whenever a lost connection is back, with its subscriptions; return what ends that."""
        return _registered(self._on_reconnect, callback)

    def on_disconnect(self, callback: Callback) -> Callable[[], None]:
        """Call this whenever the connection is lost; return what ends that."""
        return _registered(self._on_disconnect, callback)

    async def close(self) -> None:
        """Send what is waiting and leave; requests that still wait fail with `Timeout`."""
        await self._connection.close()
        self._pending.lose()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _lost(self, reason: str) -> None:
        self._pending.lose()
        self._spawn(_call_in_order(list(self._on_disconnect)))

    def _restored(self) -> None:
        # A callback that waits must not keep the next loss from being noticed.
        self._spawn(_call_in_order(list(self._on_reconnect)))

    def _denied(self, kind: str, subject: str) -> None:
        if kind == "publish" and self._pending.deny(subject):
            return
        self.dropped[f"denied_{kind}"] += 1
        log.warning("NATS denies this user the %s %s", kind, subject)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


def _registered(callbacks: list[Callback], callback: Callback) -> Callable[[], None]:
    """Add a callback; return what removes it, however often that is called."""
    callbacks.append(callback)

    def remove() -> None:
        if callback in callbacks:
            callbacks.remove(callback)

    return remove


async def _call_in_order(callbacks: list[Callback]) -> None:
    """Run owners' callbacks one after the other; the failure of one is its own."""
    for callback in callbacks:
        try:
            result = callback()
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("a callback of the bus failed")


def _heard(delivery: Delivery, subject: str) -> Delivery:
    """Return an answer, unless it is the server's: that nobody is there."""
    if not delivery.body and header.parse(delivery.headers).get(header.STATUS) == header.NO_RESPONDERS:
        raise errors.Unavailable(f"nobody answers on {subject}", details={"subject": subject})
    return delivery


def _answer(delivery: Delivery, subject: str) -> dict[str, Any]:
    """Return an answer's body, or raise the error that it is."""
    parsed = header.parse(delivery.headers)
    try:
        body = codec.decode(delivery.body)
    except errors.Malformed:
        raise errors.Internal(f"{subject} answered something malformed") from None
    if header.ERROR_CODE.lower() in parsed:
        raise errors.from_body({"message": parsed.get(header.ERROR.lower(), ""), **body})
    return body
