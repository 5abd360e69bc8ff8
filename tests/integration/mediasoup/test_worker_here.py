"""What a worker of this process can be started with: its binary, files and command line are here."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.conformance.conftest import end
from tests.conformance.samples import AUDIO, DEVICE, LISTEN_UDP, MEDIA_CODECS
from tests.support.certificates import certificates

from tureen import mediasoup
from tureen.mediasoup.errors import MediasoupError


async def test_settings() -> None:
    """All settings are taken."""
    worker = await mediasoup.create_worker(
        log_level="debug",
        log_tags=["info"],
        rtc_min_port=0,
        rtc_max_port=9999,
        libwebrtc_field_trials="WebRTC-Bwe-AlrLimitedBackoff/Disabled/",
        app_data={"foo": 456},
    )
    assert worker.app_data == {"foo": 456}
    await end(worker)


async def test_own_certificate(tmp_path: Path) -> None:
    """A worker may be given its certificate for DTLS, and another worker has another."""
    files = certificates(tmp_path)
    other = await mediasoup.create_worker()
    elsewhere = await (await other.create_router()).create_webrtc_transport(listen_infos=[LISTEN_UDP])
    worker = await mediasoup.create_worker(dtls_certificate_file=files.certificate, dtls_private_key_file=files.key)
    router = await worker.create_router()
    transport = await router.create_webrtc_transport(listen_infos=[LISTEN_UDP])
    digest = x509.load_pem_x509_certificate(files.certificate.read_bytes()).fingerprint(hashes.SHA256())
    expected = {"algorithm": "sha-256", "value": digest.hex(":").upper()}
    assert expected in transport.dtls_parameters["fingerprints"]
    assert expected not in elsewhere.dtls_parameters["fingerprints"]
    await end(worker)
    await end(other)


@pytest.mark.parametrize(
    "settings",
    [
        {"log_level": "chicken"},
        {"rtc_min_port": 1000, "rtc_max_port": 999},
        {"rtc_min_port": 1000, "rtc_max_port": 65536},
        {"dtls_certificate_file": "/notfound/cert.pem"},
        {"dtls_private_key_file": "/notfound/priv.pem"},
        {"app_data": "NOT-A-DICT"},
    ],
    ids=lambda settings: next(iter(settings)),
)
async def test_wrong_settings(settings: dict[str, Any]) -> None:
    """Wrong settings are refused, and leave no process behind."""
    with pytest.raises(TypeError):
        await mediasoup.create_worker(**settings)


async def test_wrong_binary() -> None:
    """A binary that is not there is refused."""
    with pytest.raises(MediasoupError):
        await mediasoup.create_worker(worker_bin="/tmp/foo/mediasoup-worker")


async def test_given_binary() -> None:
    """A binary may be given."""
    worker = await mediasoup.create_worker(worker_bin=mediasoup.worker_bin)
    await end(worker)


@pytest.mark.parametrize(
    "wrong",
    [
        {"log_level": "a\0b"},
        {"log_level": "\ud800"},
        {"log_tags": "info"},
        {"log_tags": ["\0"]},
        {"rtc_min_port": 10**5000},
        {"dtls_certificate_file": "\0"},
        {"libwebrtc_field_trials": "\0"},
        {"request_timeout": 0},
        {"request_timeout": -1},
        {"request_timeout": float("nan")},
        {"request_timeout": "5"},
        {"request_timeout": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_settings_that_no_worker_can_be_given(wrong: dict[str, Any]) -> None:
    """What no command line can hold, and what is no time limit, is refused before a process is started."""
    with pytest.raises(TypeError):
        await mediasoup.create_worker(**wrong)


async def test_a_command_line_that_is_too_long() -> None:
    """A process that the kernel does not start is a worker that cannot be started."""
    with pytest.raises(MediasoupError, match="cannot be started"):
        await mediasoup.create_worker(libwebrtc_field_trials="x" * 3_000_000)


async def test_requests_have_a_time_limit() -> None:
    """A request that a worker does not answer fails in the time that was given when it was made."""
    worker = await mediasoup.create_worker(request_timeout=0.2)
    router = await worker.create_router()
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        await router.dump()
    with pytest.raises(TimeoutError):
        await router.create_direct_transport(id="late")
    os.kill(worker.pid, signal.SIGCONT)
    # What was created too late was closed again.
    assert (await router.dump())["transportIds"] == []
    await end(worker)


async def test_key_frame_on_pipes() -> None:
    """A worker itself would not answer who asks for a key frame on a pipe of audio."""
    worker = await mediasoup.create_worker(request_timeout=0.2)
    router = await worker.create_router(media_codecs=MEDIA_CODECS)
    direct = await router.create_direct_transport()
    producer = await direct.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await direct.consume(producer_id=producer.id, rtp_capabilities=DEVICE, pipe=True)
    with pytest.raises(TimeoutError):
        await consumer._channel.request("CONSUMER_REQUEST_KEY_FRAME", consumer.id)
    await end(worker)


async def test_routers_of_two_workers() -> None:
    """Workers of a process know nothing of each other: the same ids may be used in both. On a node they may not."""
    for worker in (await mediasoup.create_worker(), await mediasoup.create_worker()):
        router = await worker.create_router(id="router")
        await router.create_direct_transport(id="transport")
        await end(worker)
