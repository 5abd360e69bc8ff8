"""Ask a worker, and hear from it: requests, responses, notifications and log lines over two sockets."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tureen.mediasoup.codec import Codec, Log, Notification, Response
from tureen.mediasoup.errors import (
    ChannelError,
    MediasoupError,
    NotFoundError,
    RequestTimeoutError,
    WorkerClosedError,
)
from tureen.mediasoup.framing import MessageStream
from tureen.mediasoup.outbox import Outbox
from tureen.mediasoup.pending import Pending, PendingRequests, fail_future

Listener: TypeAlias = Callable[[str, Mapping[str, Any]], None]

REQUEST_TIMEOUT = 10.0
"""How long a request may take by default, in seconds."""

# A notification waits for that many turns of the event loop, so that a response which came before it has reached who
# awaits it: a task wakes up in the next turn; asyncio.wait_for and asyncio.gather take two more each to pass a result
# on, and two of them one inside the other are enough of that. (Node's mediasoup waits with setImmediate, which comes
# after all promises have settled; asyncio has nothing like it.)
_SETTLING_TURNS = 6

_AT_ONCE = 64
"""How many notifications are delivered in one turn of the event loop: a producer with thousands of consumers that is
paused or closed makes as many of them."""

_LOG_LEVELS = {"D": logging.DEBUG, "W": logging.WARNING, "E": logging.ERROR, "X": logging.INFO}

_logger = logging.getLogger("tureen.mediasoup.channel")
_worker_logger = logging.getLogger("tureen.mediasoup.worker")


class Channel:
    """Talk with one worker, from one event loop.

    Requests are written in the order of the calls. A worker answers them in that order, but for those that it has to do
    work for elsewhere.
    """

    def __init__(self, codec: Codec, *, name: str = "worker", request_timeout: float = REQUEST_TIMEOUT) -> None:
        """Make a channel that ``attach`` has to connect.

        Args:
            codec: What encodes and decodes.
            name: What log lines call the worker.
            request_timeout: How long a request may take, in seconds, where it does not say so itself.
        """
        self.closed = False
        self.on_close: Callable[[MediasoupError], None] | None = None
        """Is called once when the channel closes by itself: the worker hung up, or sent nonsense."""
        self.creating: set[str] = set()
        """The ids of objects that the worker has been asked for."""
        self._codec = codec
        self._name = name
        self._request_timeout = request_timeout
        self._loop = asyncio.get_running_loop()
        self._pending = PendingRequests()
        self._listeners: dict[str, Listener] = {}
        self._due: deque[Notification] = deque()
        self._outbox: Outbox | None = None
        self._consumer: asyncio.Transport | None = None
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._sweep_at = math.inf

    async def attach(self, producer: socket.socket, consumer: socket.socket) -> None:
        """Connect the channel; the sockets are the channel's from here on.

        Args:
            producer: The socket that the worker reads from (its file descriptor 3).
            consumer: The socket that the worker writes to (its file descriptor 4).
        """
        try:
            _, self._outbox = await self._loop.create_unix_connection(
                lambda: Outbox(self._loop, self._hung_up), sock=producer
            )
            self._consumer, _ = await self._loop.create_unix_connection(lambda: _Consumer(self), sock=consumer)
        except BaseException:
            self.closed = True
            for opened, end in ((self._outbox, producer), (self._consumer, consumer)):
                end.close() if opened is None else opened.abort()
            raise
        if self.closed:
            # The worker has hung up meanwhile.
            self._outbox.abort()
            self._consumer.abort()

    def request(
        self,
        method: str,
        handler_id: str = "",
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        decode: bool = True,
        awaited: bool = True,
    ) -> asyncio.Future[Any]:
        """Send a request at once and return the future of its response.

        A caller may let go of the future, or cancel it: the request takes its course all the same.

        Args:
            method: The method as the schema spells it (``ROUTER_DUMP``).
            handler_id: The id of the object that is asked; empty for the worker.
            body: The request's body, for methods that have one.
            timeout: How long it may take, in seconds; None for the channel's default.
            decode: Whether the future gives the response's body as a dict ({} if there is none), or as it came
                (``Packed``, or None), to be decoded when it is needed.
            awaited: Whether somebody waits for the response. If not, the request goes out together with what follows
                it in the same turn of the event loop.

        Raises:
            TypeError: The body does not fit the method.
            WorkerClosedError: The channel is closed.
            ChannelError: So much waits for the worker to read it already that this cannot be sent.
            MediasoupError: The request is too big.

        The future fails with a TypeError, NotFoundError or MediasoupError where the worker refuses, with
        RequestTimeoutError when it does not answer in time, with WorkerClosedError when the channel closes meanwhile,
        and with ChannelError when that is because of something malformed.
        """
        if self.closed:
            raise WorkerClosedError(f"channel closed, cannot send request [method:{method}]")
        id_ = self._pending.new_id()
        self._send(self._codec.encode_request(id_, method, handler_id, body), method, at_once=awaited)
        future: asyncio.Future[Any] = self._loop.create_future()
        deadline = self._loop.time() + (self._request_timeout if timeout is None else timeout)
        # As Pending(…), without a call in Python.
        self._pending[id_] = tuple.__new__(Pending, (future, method, deadline, decode))
        if deadline < self._sweep_at:
            self._sweep_by(deadline)
        return future

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Send a notification, together with what else is sent in this turn of the event loop.

        Raises:
            TypeError: The body does not fit the event.
            WorkerClosedError: The channel is closed.
            ChannelError: So much waits for the worker to read it already that this cannot be sent.
            MediasoupError: The notification is too big.
        """
        if self.closed:
            raise WorkerClosedError(f"channel closed, cannot send notification [event:{event}]")
        self._send(self._codec.encode_notification(event, handler_id, body), event, at_once=False)

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Have ``listener(event, body)`` called for every notification from an object.

        It is called after a response that came before the notification has reached who awaits it. An error that it
        raises is logged.
        """
        self._listeners[handler_id] = listener

    def unsubscribe(self, handler_id: str) -> None:
        """Drop the listener of an object, if it has one."""
        self._listeners.pop(handler_id, None)

    def listens(self, handler_id: str) -> bool:
        """Tell whether an object has a listener: all have that exist in the worker."""
        return handler_id in self._listeners

    def close(self, reason: MediasoupError | None = None) -> None:
        """Close both sockets, after what has been sent already; fail all pending requests at once.

        Args:
            reason: What pending requests fail with; a WorkerClosedError by default.
        """
        if self.closed:
            return
        self.closed = True
        if self._outbox is not None:
            self._outbox.close()
        if self._consumer is not None:
            self._consumer.abort()
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        self._listeners.clear()
        kind = WorkerClosedError if reason is None else type(reason)
        text = "channel closed, pending request aborted" if reason is None else str(reason)
        while self._pending:
            id_, pending = self._pending.popitem()
            fail_future(pending.future, kind(f"{text} [method:{pending.method}, id:{id_}]"))

    def abort(self) -> None:
        """Close, and drop what has not been sent yet: nobody will read it."""
        self.close()
        if self._outbox is not None:
            self._outbox.abort()

    def _send(self, message: bytearray, name: str, *, at_once: bool) -> None:
        if self._outbox is None:
            raise WorkerClosedError(f"channel not open, cannot send [method or event:{name}]")
        self._outbox.send(message, name, at_once=at_once)

    # What the worker sends.

    def receive(self, messages: list[bytes]) -> None:
        """Handle messages, each with its length in front.

        Raises:
            ChannelError: One of them is malformed.
        """
        decode = self._codec.decode
        notifications: list[Notification] = []
        for message in messages:
            decoded = decode(message)
            if decoded.__class__ is Response:
                self._respond(decoded)
            elif decoded.__class__ is Notification:
                notifications.append(decoded)
            elif isinstance(decoded, Log):
                self._log(decoded.data)
            else:
                raise ChannelError("the worker sent a request")
        if notifications:
            self._settle(notifications)

    def _log(self, line: str) -> None:
        level = _LOG_LEVELS.get(line[:1])
        _worker_logger.log(level or logging.DEBUG, "[%s] %s", self._name, line[1:] if level else line)

    def _respond(self, response: Response) -> None:
        pending = self._pending.pop(response.id, None)
        if pending is None:
            # Most likely the request has timed out.
            _logger.warning("[%s] response matches no pending request [id:%d]", self._name, response.id)
            return
        future, method = pending.future, pending.method
        if response.accepted:
            body: Any = response.body
            if pending.decode:
                try:
                    body = {} if body is None else body.unpack()
                except ChannelError as error:
                    fail_future(future, error)
                    raise
            if not future.done():
                future.set_result(body)
            return
        _logger.warning("[%s] request failed [method:%s, id:%d]: %s", self._name, method, response.id, response.reason)
        fail_future(future, _refusal(response, method))

    def _settle(self, notifications: list[Notification], turns: int = _SETTLING_TURNS) -> None:
        """Deliver notifications some turns of the event loop later."""
        if turns:
            self._loop.call_soon(self._settle, notifications, turns - 1)
            return
        waiting = bool(self._due)
        self._due += notifications
        if not waiting:
            self._deliver_due()

    def _deliver_due(self) -> None:
        """Deliver the first of what is due, and the rest in the next turns."""
        due = self._due
        for _ in range(min(len(due), _AT_ONCE)):
            notification = due.popleft()
            listener = self._listeners.get(notification.handler_id)
            if listener is not None:
                self._deliver(listener, notification)
        if due:
            self._loop.call_soon(self._deliver_due)

    def _deliver(self, listener: Listener, notification: Notification) -> None:
        body = notification.body
        try:
            unpacked = {} if body is None else body.unpack()
        except ChannelError as error:
            self.fail(error)
            return
        try:
            listener(notification.event, unpacked)
        except Exception:
            _logger.exception(
                "[%s] notification listener failed [event:%s, handler:%s]",
                self._name,
                notification.event,
                notification.handler_id,
            )

    def _hung_up(self) -> None:
        self.fail(WorkerClosedError("the worker has closed its channel"))

    def fail(self, error: MediasoupError) -> None:
        """Close because of something that was not asked for."""
        if self.closed:
            return
        _logger.error("[%s] channel closed: %s", self._name, error)
        self.close(error)
        self.abort()
        if self.on_close is not None:
            self.on_close(error)

    # Time limits: one timer wakes up for the earliest deadline, and looks through all that is pending.

    def _sweep_by(self, deadline: float) -> None:
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        self._sweep_at = deadline
        self._sweep_timer = self._loop.call_at(deadline, self._sweep)

    def _sweep(self) -> None:
        self._sweep_timer = None
        self._sweep_at = math.inf
        # The clock of a timer may be a little behind the loop's own.
        now = self._loop.time() + 0.001
        for id_, pending in self._pending.take_expired(now):
            fail_future(pending.future, RequestTimeoutError(f"request timeout [method:{pending.method}, id:{id_}]"))
        following = self._pending.earliest_deadline()
        if following < math.inf:
            self._sweep_by(following)


class _Consumer(asyncio.Protocol):
    """Read the socket that the worker writes to."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stream = MessageStream()

    def data_received(self, data: bytes) -> None:
        try:
            self._channel.receive(self._stream.feed(data))
        except ChannelError as error:
            self._channel.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._channel._hung_up()


def _refusal(response: Response, method: str) -> Exception:
    reason = response.reason or f"request failed [method:{method}]"
    match response.error:
        case "TypeError":
            return TypeError(reason)
        case "NotFoundError":
            return NotFoundError(reason)
        case _:
            return MediasoupError(reason)
