"""Requests, responses, notifications and logs, against a worker's end that the test holds."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.worker_stand_in import stand_in_worker

from tureen.mediasoup import outbox
from tureen.mediasoup.channel import Channel
from tureen.mediasoup.codec import Codec, Packed
from tureen.mediasoup.errors import (
    ChannelError,
    MediasoupError,
    NotFoundError,
    RequestTimeoutError,
    WorkerClosedError,
)

pytestmark = pytest.mark.each_loop

PRODUCED = ("Transport_ProduceResponse", {"type": "svc"})


async def test_calls_and_wire_have_the_same_order(codec: Codec) -> None:
    """Requests and notifications are written at once, in the order of the calls; ids tell responses apart."""
    async with stand_in_worker(codec) as (channel, worker):
        first = channel.request("ROUTER_CLOSE_TRANSPORT", "r", {"transportId": "a"})
        channel.notify("PRODUCER_SEND", "p", {"data": b"rtp"})
        second = channel.request("WORKER_DUMP")
        request = await worker.request()
        assert (request.method, request.handler_id) == ("ROUTER_CLOSE_TRANSPORT", "r")
        assert request.body is not None
        assert request.body.unpack() == {"transportId": "a"}
        assert (await worker.notification()).event == "PRODUCER_SEND"
        dump = await worker.request()
        await worker.send(worker.accepted(dump.id, *PRODUCED), worker.accepted(request.id))
        assert await first == {}
        assert await second == {"type": "svc"}


async def test_a_body_may_stay_packed(codec: Codec) -> None:
    """With decode=False the future gives the body as it came, or None."""
    async with stand_in_worker(codec) as (channel, worker):
        with_body, without = (channel.request("WORKER_DUMP", decode=False) for _ in range(2))
        ids = [(await worker.request()).id for _ in range(2)]
        await worker.send(worker.accepted(ids[0], *PRODUCED), worker.accepted(ids[1]))
        packed = await with_body
        assert isinstance(packed, Packed)
        assert packed.type == "Transport_ProduceResponse"
        assert packed.unpack() == {"type": "svc"}
        assert await without is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [("TypeError", TypeError), ("NotFoundError", NotFoundError), ("Error", MediasoupError), ("New", MediasoupError)],
)
async def test_refusals_have_mediasoup_s_classes(codec: Codec, error: str, expected: type[Exception]) -> None:
    """A refused request fails with the class that the worker names, and with its reason."""
    async with stand_in_worker(codec) as (channel, worker):
        future = channel.request("WORKER_DUMP")
        await worker.send(worker.refused((await worker.request()).id, error, "because"))
        with pytest.raises(expected, match="because") as caught:
            await future
        assert type(caught.value) is expected


async def test_a_refusal_that_nobody_awaits(codec: Codec, caplog: pytest.LogCaptureFixture) -> None:
    """A refused request whose future was let go is logged once, and asyncio does not complain of it."""
    async with stand_in_worker(codec) as (channel, worker):
        channel.request("WORKER_DUMP")
        last = channel.request("WORKER_DUMP")
        ids = [(await worker.request()).id for _ in range(2)]
        await worker.send(worker.refused(ids[0], "Error", "because"), worker.accepted(ids[1]))
        await last
        gc.collect()
    assert [(record.name, record.levelname) for record in caplog.records] == [("tureen.mediasoup.channel", "WARNING")]


async def test_a_cancelled_request_takes_its_course(codec: Codec, caplog: pytest.LogCaptureFixture) -> None:
    """The response of a request whose future was cancelled is dropped without a word."""
    async with stand_in_worker(codec) as (channel, worker):
        channel.request("WORKER_DUMP").cancel()
        second = channel.request("WORKER_DUMP")
        ids = [(await worker.request()).id for _ in range(2)]
        await worker.send(worker.accepted(ids[0]), worker.accepted(ids[1]))
        assert await second == {}
        assert not caplog.records


async def test_a_response_to_nothing(codec: Codec, caplog: pytest.LogCaptureFixture) -> None:
    """A response that matches no request is logged, and does nothing else."""
    async with stand_in_worker(codec) as (channel, worker):
        future = channel.request("WORKER_DUMP")
        id_ = (await worker.request()).id
        await worker.send(worker.accepted(4711), worker.accepted(id_))
        assert await future == {}
        assert "matches no pending request [id:4711]" in caplog.text


async def test_a_body_that_does_not_fit_is_not_sent(codec: Codec) -> None:
    """A wrong body, an unknown method and one too big raise before anything is written."""
    async with stand_in_worker(codec) as (channel, worker):
        with pytest.raises(TypeError, match=r"ROUTER_CLOSE_TRANSPORT\.transportId is required"):
            channel.request("ROUTER_CLOSE_TRANSPORT", "r", {})
        with pytest.raises(TypeError, match="unknown"):
            channel.notify("NO_EVENT")
        with pytest.raises(MediasoupError, match=r"too big \[method or event:PRODUCER_SEND, bytes:8388"):
            channel.notify("PRODUCER_SEND", "p", {"data": bytes(8_388_608)})
        channel.notify("WORKER_CLOSE")
        assert (await worker.notification()).event == "WORKER_CLOSE"


async def test_the_largest_message_passes(codec: Codec) -> None:
    """A message just below the limit goes through, in both directions."""
    async with stand_in_worker(codec) as (channel, worker):
        data = bytes(range(256)) * 32_760
        heard: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        channel.subscribe("c", lambda _, body: heard.set_result(body))
        channel.notify("PRODUCER_SEND", "p", {"data": data})
        body = (await worker.notification()).body
        assert body is not None
        assert body.unpack()["data"] == data
        await worker.send(
            worker.encode(
                "Notification",
                handlerId="c",
                event="CONSUMER_RTP",
                bodyType="Consumer_RtpNotification",
                body={"data": data},
            )
        )
        assert (await heard)["data"] == data


# Notifications.


async def test_notifications_reach_their_listener(codec: Codec) -> None:
    """A listener hears the notifications of its object, with their bodies, until it is dropped."""
    async with stand_in_worker(codec) as (channel, worker):
        heard: list[tuple[str, Mapping[str, Any]]] = []
        done = asyncio.Event()
        channel.subscribe("a", lambda event, body: heard.append((event, body)))
        channel.subscribe("b", lambda *_: channel.unsubscribe("a"))
        channel.subscribe("c", lambda *_: done.set())
        score = {"scores": [{"encodingIdx": 0, "ssrc": 1, "rid": None, "score": 9}]}
        await worker.send(
            worker.encode("Notification", handlerId="a", event="CONSUMER_PRODUCER_PAUSE"),
            worker.encode(
                "Notification",
                handlerId="a",
                event="PRODUCER_SCORE",
                bodyType="Producer_ScoreNotification",
                body=score,
            ),
            worker.encode("Notification", handlerId="nobody", event="CONSUMER_PRODUCER_PAUSE"),
            worker.encode("Notification", handlerId="b", event="CONSUMER_PRODUCER_PAUSE"),
            worker.encode("Notification", handlerId="a", event="CONSUMER_PRODUCER_RESUME"),
            worker.encode("Notification", handlerId="c", event="CONSUMER_PRODUCER_PAUSE"),
        )
        await done.wait()
        assert heard == [("CONSUMER_PRODUCER_PAUSE", {}), ("PRODUCER_SCORE", score)]


async def test_many_notifications_come_in_turns(codec: Codec) -> None:
    """Of very many that come at once, so many are delivered that others get their turn, all in their order."""
    async with stand_in_worker(codec) as (channel, worker):
        turn = 0
        heard: list[tuple[int, int]] = []
        done = asyncio.Event()

        async def count() -> None:
            nonlocal turn
            while True:
                await asyncio.sleep(0)
                turn += 1

        def hear(number: int) -> None:
            heard.append((number, turn))
            if len(heard) == 500:
                done.set()

        for number in range(500):
            channel.subscribe(str(number), lambda _event, _body, number=number: hear(number))  # type: ignore[misc]
        counting = asyncio.create_task(count())
        await worker.send(
            *(worker.encode("Notification", handlerId=str(n), event="CONSUMER_PRODUCER_PAUSE") for n in range(500))
        )
        await done.wait()
        counting.cancel()
        assert [number for number, _ in heard] == list(range(500))
        in_turns = Counter(turn for _, turn in heard)
        assert max(in_turns.values()) <= 2 * 64
        assert len(in_turns) >= 4


@pytest.mark.parametrize("how", ["await", "wait_for", "gather", "nested"])
async def test_a_response_comes_before_what_follows_it(codec: Codec, how: str) -> None:
    """Who awaits a response can subscribe in time for the notification that comes right behind it."""
    async with stand_in_worker(codec) as (channel, worker):
        heard = asyncio.Event()

        async def ask() -> None:
            await channel.request("WORKER_DUMP")

        async def subscribe() -> None:
            match how:
                case "await":
                    await ask()
                case "wait_for":
                    await asyncio.wait_for(ask(), 5)
                case "gather":
                    await asyncio.gather(ask(), asyncio.sleep(0))
                case "nested":
                    await asyncio.gather(asyncio.wait_for(ask(), 5))
            channel.subscribe("new", lambda *_: heard.set())

        task = asyncio.create_task(subscribe())
        id_ = (await worker.request()).id
        notification = worker.encode("Notification", handlerId="new", event="CONSUMER_PRODUCER_PAUSE")
        await worker.send(worker.accepted(id_), notification)
        await task
        async with asyncio.timeout(2):
            await heard.wait()


async def test_a_listener_that_raises(codec: Codec, caplog: pytest.LogCaptureFixture) -> None:
    """An error in a listener is logged, and the other notifications are delivered."""
    async with stand_in_worker(codec) as (channel, worker):
        heard = asyncio.Event()

        def fail(*_: object) -> None:
            raise ValueError("oops")

        channel.subscribe("a", fail)
        channel.subscribe("b", lambda *_: heard.set())
        await worker.send(
            worker.encode("Notification", handlerId="a", event="CONSUMER_PRODUCER_PAUSE"),
            worker.encode("Notification", handlerId="b", event="CONSUMER_PRODUCER_PAUSE"),
        )
        await heard.wait()
        assert "notification listener failed [event:CONSUMER_PRODUCER_PAUSE, handler:a]" in caplog.text
        assert not channel.closed


async def test_log_lines(codec: Codec, caplog: pytest.LogCaptureFixture) -> None:
    """The worker's log lines have the level that their first character says."""
    caplog.set_level(logging.DEBUG, "tureen.mediasoup.worker")
    async with stand_in_worker(codec, name="pid:7") as (channel, worker):
        future = channel.request("WORKER_DUMP")
        id_ = (await worker.request()).id
        lines = ["Done", "Warned", "Erred", "Xray", "?", ""]
        await worker.send(*(worker.encode("Log", data=line) for line in lines), worker.accepted(id_))
        await future
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert logged == [
        ("DEBUG", "[pid:7] one"),
        ("WARNING", "[pid:7] arned"),
        ("ERROR", "[pid:7] rred"),
        ("INFO", "[pid:7] ray"),
        ("DEBUG", "[pid:7] ?"),
        ("DEBUG", "[pid:7] "),
    ]


# Time limits.


async def test_requests_have_a_time_limit(codec: Codec) -> None:
    """A request that is not answered fails at its own limit, or at the channel's; what is late is dropped."""
    async with stand_in_worker(codec, request_timeout=0.2) as (channel, worker):
        loop = asyncio.get_running_loop()
        start = loop.time()
        patient = channel.request("WORKER_DUMP", timeout=30)
        default = channel.request("WORKER_DUMP")
        hasty = channel.request("WORKER_DUMP", timeout=0.05)
        with pytest.raises(RequestTimeoutError, match=r"\[method:WORKER_DUMP, id:3\]"):
            await hasty
        assert 0.04 <= loop.time() - start < 0.2
        assert not default.done()
        with pytest.raises(TimeoutError):
            await default
        assert 0.19 <= loop.time() - start < 2
        ids = [(await worker.request()).id for _ in range(3)]
        await worker.send(*(worker.accepted(id_) for id_ in reversed(ids)))
        assert await patient == {}


async def test_there_is_one_timer(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of requests takes one timer."""
    timers = 0
    sweep_by = Channel._sweep_by

    def counted(self: Channel, deadline: float) -> None:
        nonlocal timers
        timers += 1
        sweep_by(self, deadline)

    monkeypatch.setattr(Channel, "_sweep_by", counted)
    async with stand_in_worker(codec) as (channel, worker):
        for _ in range(100):
            future = channel.request("WORKER_DUMP")
            await worker.send(worker.accepted((await worker.request()).id))
            await future
        assert timers == 1


async def test_ids_wrap_around(codec: Codec) -> None:
    """After 4,294,967,295 comes 1, unless that request is still pending."""
    async with stand_in_worker(codec) as (channel, worker):
        futures = [channel.request("WORKER_DUMP")]
        channel._pending.last_id = 2**32 - 2
        futures += [channel.request("WORKER_DUMP") for _ in range(2)]
        ids = [(await worker.request()).id for _ in range(3)]
        assert ids == [1, 2**32 - 1, 2]
        await worker.send(*map(worker.accepted, ids))
        await asyncio.gather(*futures)


# The end.


async def test_closing_fails_what_is_pending(codec: Codec) -> None:
    """close() sends what has been asked before, and fails all pending requests at once."""
    async with stand_in_worker(codec) as (channel, worker):
        futures = [channel.request("WORKER_DUMP") for _ in range(3)]
        channel.notify("WORKER_CLOSE")
        channel.close()
        assert channel.closed
        assert all(future.done() for future in futures)
        for future in futures:
            with pytest.raises(WorkerClosedError, match="WORKER_DUMP"):
                await future
        for _ in range(3):
            await worker.request()
        assert (await worker.notification()).event == "WORKER_CLOSE"
        with pytest.raises(AssertionError, match="the channel is closed"):
            await worker.request()
        with pytest.raises(WorkerClosedError, match="cannot send request"):
            channel.request("WORKER_DUMP")
        with pytest.raises(WorkerClosedError, match="cannot send notification"):
            channel.notify("WORKER_CLOSE")
        channel.close()


async def test_the_worker_hangs_up(codec: Codec) -> None:
    """When the worker's end closes, pending requests fail at once and the owner is told."""
    async with stand_in_worker(codec) as (channel, worker):
        told: list[MediasoupError] = []
        channel.on_close = told.append
        future = channel.request("WORKER_DUMP")
        await worker.request()
        worker.hang_up()
        with pytest.raises(WorkerClosedError, match="has closed its channel"):
            await future
        assert channel.closed
        assert [type(error) for error in told] == [WorkerClosedError]


@pytest.mark.parametrize("when", ["before", "between", "after"])
async def test_the_worker_hangs_up_in_the_same_turn(codec: Codec, when: str) -> None:
    """Requests that are made while the worker hangs up all fail, and nothing else is complained of."""
    complaints: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with stand_in_worker(codec) as (channel, worker):
        futures = []
        for moment in ("before", "between", "after"):
            if moment == when:
                worker.hang_up()
            futures += [channel.request("WORKER_DUMP") for _ in range(2)]
        async with asyncio.timeout(5):
            results = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(result) for result in results] == [WorkerClosedError] * 6
    assert not complaints


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x08\x00\x00\x00\x04\x00\x00\x00\xff\xff\xff\xff",
        b"\x05\x00\x00\x00HELLO",
    ],
)
async def test_nonsense_closes_this_channel(codec: Codec, nonsense: bytes) -> None:
    """A malformed message fails pending requests with a ChannelError, and tells the owner; other channels live on."""
    async with stand_in_worker(codec) as (channel, worker), stand_in_worker(codec) as (other, other_worker):
        told: list[MediasoupError] = []
        channel.on_close = told.append
        futures = [channel.request("WORKER_DUMP") for _ in range(2)]
        other_future = other.request("WORKER_DUMP")
        await worker.send(nonsense)
        for future in futures:
            with pytest.raises(ChannelError, match="WORKER_DUMP"):
                await future
        assert channel.closed
        assert [type(error) for error in told] == [ChannelError]
        await other_worker.send(other_worker.accepted((await other_worker.request()).id))
        assert await other_future == {}


async def test_a_malformed_body_closes_the_channel(codec: Codec) -> None:
    """A response, or a notification, whose body is malformed counts as a malformed message."""
    body = {"iceState": "disconnected"}
    values = {"event": "WEBRTCTRANSPORT_ICE_STATE_CHANGE", "bodyType": "WebRtcTransport_IceStateChangeNotification"}
    async with stand_in_worker(codec) as (channel, worker):
        channel.subscribe("t", lambda *_: None)
        future = channel.request("WORKER_DUMP")
        message = worker.encode("Notification", handlerId="t", body=body, **values)
        assert message[-4] == 3
        await worker.send(message[:-4] + b"\x63" + message[-3:])
        with pytest.raises(ChannelError):
            await future
    async with stand_in_worker(codec) as (channel, worker):
        future, second = channel.request("WORKER_DUMP"), channel.request("WORKER_DUMP")
        message = worker.accepted((await worker.request()).id, "Transport_ProduceResponse", {"type": "pipe"})
        assert message[-4] == 3
        await worker.send(message[:-4] + b"\x63" + message[-3:])
        for each in (future, second):
            with pytest.raises(ChannelError):
                await each


async def test_a_request_from_the_worker_is_nonsense(codec: Codec) -> None:
    """A worker does not send requests."""
    async with stand_in_worker(codec) as (channel, worker):
        future = channel.request("WORKER_DUMP")
        await worker.send(bytes(codec.encode_request(1, "WORKER_DUMP", "", None)))
        with pytest.raises(ChannelError, match="sent a request"):
            await future


async def test_a_worker_that_does_not_read(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a worker that does not read is bounded; it is sent when the worker reads again."""
    monkeypatch.setattr(outbox, "UNSENT_MAX_LENGTH", 1 << 20)
    async with stand_in_worker(codec) as (channel, worker):
        data = bytes(100_000)
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while True:
                channel.notify("PRODUCER_SEND", "p", {"data": data})
                sent += 1
                await asyncio.sleep(0)

        with pytest.raises(ChannelError, match="does not read"):
            await flood()
        assert 10 <= sent < 40
        for _ in range(sent):
            await worker.notification()
        channel.notify("WORKER_CLOSE")
        assert (await worker.notification()).event == "WORKER_CLOSE"


async def test_a_channel_that_is_not_open(codec: Codec) -> None:
    """A channel that has not been attached refuses requests, and can be closed."""
    channel = Channel(codec)
    with pytest.raises(WorkerClosedError):
        channel.request("WORKER_DUMP")
    channel.close()
