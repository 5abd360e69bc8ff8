"""The answering side: from messages on one subscription to handlers, and back.

One subscription, whose listener only admits and starts tasks: handlers start in the order in which commands arrived,
run side by side, and each command ends in an answer. The steps are those of `_carry_out`, in this order: trace,
deadline, decoding, validation, handler, answer, counters.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Mapping
from typing import Any

from tureen.bus import answers, headers, payload
from tureen.bus.admission import Admission, ServiceLimits, deadline
from tureen.bus.bus import Bus
from tureen.bus.call import Call, Handler, Result
from tureen.bus.connection import Subscription
from tureen.bus.describing import with_description
from tureen.bus.discovery import Discovery
from tureen.bus.failures import FailureLog
from tureen.bus.incoming import Refused, Targets
from tureen.bus.parser import Delivery
from tureen.bus.running import start_task
from tureen.bus.statistics import EndpointStatistics, Identity, ServiceStatistics
from tureen.contract.errors import Timeout, TureenError, Unsupported
from tureen.contract.paging import Pageable
from tureen.contract.quick import decode_command
from tureen.contract.registry import Command
from tureen.telemetry import TRACEPARENT, TraceContext, enter_trace

_TIMEOUT_MS = headers.TIMEOUT_MS.lower()


class Service:
    """Answers a set of commands.

    Args:
        bus: Where they come from.
        name: The service's name by ADR-32, such as `placement`.
        version: Its version, x.y.z.
        commands: The registry's commands, by `<object>.<method>`.
        handlers: What carries them out, by the same names, `schema.get` excepted, which the service answers by itself;
            a command without one is `UnsupportedError`.
        subject: The one subscription, such as `subjects.node_commands(node_id)`.
        queue: The replicas' queue group; empty where each instance has its own subject.
        metadata: What `$SRV.INFO` says beside.
        limits: How much is taken on at once.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        name: str,
        version: str,
        commands: Mapping[str, Command],
        handlers: Mapping[str, Handler],
        subject: str,
        queue: str = "",
        metadata: Mapping[str, str] | None = None,
        limits: ServiceLimits | None = None,
    ) -> None:
        if strangers := handlers.keys() - commands.keys():
            raise ValueError(f"no such commands: {', '.join(sorted(strangers))}")
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._commands = commands
        self._targets = Targets(commands)
        self._pageable = {name for name, command in commands.items() if issubclass(command.request, Pageable)}
        self._handlers = handlers = with_description(commands, handlers)
        self._subject = subject
        self._queue = queue
        self._limits = limits or ServiceLimits()
        self._admission = Admission(self._limits)
        self._failures = FailureLog(time.monotonic)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._last_number = 0
        self._arrived = 0.0
        """When what is read in this turn of the loop arrived; 0 where nothing was yet."""
        self._subscription: Subscription | None = None
        self.stats = ServiceStatistics({name: EndpointStatistics() for name in handlers})
        self.identity = Identity(name, secrets.token_hex(11), version, dict(metadata or {}))
        self._discovery = Discovery(bus, name, self.identity.id, self._verbs())

    @property
    def under_way(self) -> int:
        """How many commands are being carried out."""
        return self._admission.under_way

    async def start(self) -> None:
        """Begin to answer.

        Raises:
            Unauthorized: The server denies a subscription.
            Unavailable: There is no connection.
        """
        await self._discovery.start()
        self._subscription = await self._bus.listen(self._subject, self._on_message, queue=self._queue)

    async def drain(self, timeout: float = 30.0) -> None:
        """Take no more, and return when everything that was taken is answered.

        Args:
            timeout: Seconds after which what is still under way is cancelled, and answered with `Timeout`.
        """
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            await subscription.unsubscribe()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._discovery.stop()
        await self._bus.barrier()

    def _verbs(self) -> dict[str, Any]:
        identity, subject, queue = self.identity, self._subject, self._queue
        served = [self._commands[name] for name in self._handlers]
        return {
            "PING": identity.ping,
            "INFO": lambda: identity.info(served, subject, queue),
            "STATS": lambda: identity.stats(served, subject, queue, self.stats),
        }

    # Taking.

    def _on_message(self, delivery: Delivery) -> None:
        """Refuse a message, or start a task for it."""
        arrived = self._arrived or self._arrive()
        try:
            target = self._targets.of(delivery)
        except Refused as refused:
            self.stats.dropped[refused.cause] += 1
            self._failures.dropped(delivery.subject, refused)
            return
        trace, timeout, json = _circumstances(delivery.headers)
        if isinstance(target, TureenError):
            self._refuse(delivery, target, trace, json=json)
            return
        size = len(delivery.body) + len(delivery.headers)
        try:
            self._admission.enter(target.tenant, size)
        except TureenError as busy:
            self._refuse(delivery, busy, trace, json=json)
            return
        due = deadline(timeout, arrived, self._limits)
        # As Call(…), without a call in Python.
        call = tuple.__new__(Call, (*target, trace, due))
        self._last_number = number = self._last_number + 1
        task = start_task(self._carry_out(number, delivery, call, size, json=json), self._loop)
        if not task.done():
            self._tasks[number] = task

    def _arrive(self) -> float:
        """Return the time, at which all that is read in this turn of the loop has arrived: some of it has to wait."""
        self._arrived = arrived = self._loop.time()
        self._loop.call_soon(self._end_turn)
        return arrived

    def _end_turn(self) -> None:
        self._arrived = 0.0

    def _refuse(self, delivery: Delivery, error: TureenError, trace: TraceContext, *, json: bool) -> None:
        """Answer with an error what never became a command."""
        self.stats.refused[error.type] += 1
        self._failures.failed(delivery.subject, error, trace.trace_id)
        self._send(delivery.reply, answers.failure(error, trace.trace_id, json=json))

    # Carrying out.

    async def _carry_out(self, number: int, delivery: Delivery, call: Call, size: int, *, json: bool) -> None:
        started = time.perf_counter_ns()
        enter_trace(call.trace)
        try:
            try:
                result = await self._started(call, delivery.body, json=json)
                pageable = call.command.name in self._pageable
                answer = answers.success(result, json=json, limit=self._bus.max_payload, pageable=pageable)
            except (Exception, asyncio.CancelledError) as error:
                answer = self._failed(delivery, call, error, json=json)
            self._send(delivery.reply, answer)
            seen = self.stats.endpoints.get(call.command.name)
            if seen is not None:
                seen.count(time.perf_counter_ns() - started, answer.error)
        finally:
            self._admission.leave(call.tenant, size)
            self._tasks.pop(number, None)

    def _started(self, call: Call, body: bytes, *, json: bool) -> Awaitable[Result]:
        """Validate a command and call its handler."""
        # The loop's own clock may stand still for a turn.
        if call.deadline <= time.monotonic():
            raise Timeout("it arrived too late to be started")
        model = call.command.request
        if json:
            command = model.parse_json(body or b"{}")
        else:
            command = decode_command(model, body) or model.parse(payload.decode(body))
        handler = self._handlers.get(call.command.name)
        if handler is None:
            raise Unsupported(f"{call.command.name} is not served here")
        return handler(call, command)

    def _failed(self, delivery: Delivery, call: Call, error: BaseException, *, json: bool) -> answers.Answer:
        """Return the answer to a command that failed, and log it."""
        ended = isinstance(error, asyncio.CancelledError) and (task := asyncio.current_task()) and task.cancelling()
        # Cancelled by `drain`, or because the handler awaited something that was?
        coded = answers.coded(Timeout("the service ended before this was done") if ended else error)
        self._failures.failed(delivery.subject, coded, call.trace.trace_id)
        return answers.failure(coded, call.trace.trace_id, json=json)

    def _send(self, reply: str, answer: answers.Answer) -> None:
        if not self._bus.send(reply, answer.body, answer.headers):
            self.stats.dropped["answer_lost"] += 1


def _circumstances(block: bytes) -> tuple[TraceContext, str | None, bool]:
    """Return from a command's headers the span of its execution, the time it has, and whether it is JSON."""
    if not block:
        return TraceContext.new(), None, False
    parsed = headers.parse(block)
    caller = TraceContext.parse(parsed.get(TRACEPARENT))
    trace = caller.child() if caller is not None else TraceContext.new()
    return trace, parsed.get(_TIMEOUT_MS), headers.is_json(parsed)
