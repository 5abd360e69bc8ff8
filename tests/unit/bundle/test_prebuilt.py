from __future__ import annotations

import platform

import pytest

from tureen.bundle.prebuilt import archive_name, archive_url, is_wanted


@pytest.mark.parametrize(
    ("system", "machine", "kernel", "name"),
    [
        ("Linux", "x86_64", "6.1.0-44-amd64", "mediasoup-worker-3.27.1-linux-x64-kernel6.tgz"),
        ("Linux", "aarch64", "5.15.0", "mediasoup-worker-3.27.1-linux-arm64-kernel5.tgz"),
        ("Linux", "riscv64", "7.0-rc1", "mediasoup-worker-3.27.1-linux-riscv64-kernel7.tgz"),
        ("Darwin", "arm64", "24.1.0", "mediasoup-worker-3.27.1-darwin-arm64.tgz"),
    ],
)
def test_archives_are_named_as_mediasoup_names_them(system: str, machine: str, kernel: str, name: str) -> None:
    """The name has Node's name of the architecture, and on Linux the kernel's major version."""
    assert archive_name(system, machine, kernel) == name


def test_the_base_address_can_be_replaced() -> None:
    """MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL stands for the project's release page, with or without a slash."""
    name = archive_name(platform.system(), platform.machine(), platform.release())
    for base in ("http://mirror.example/m", "http://mirror.example/m/"):
        environ = {"MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL": base}
        assert archive_url(environ) == f"http://mirror.example/m/3.27.1/{name}"
    assert archive_url({}).endswith(f"/versatica/mediasoup/releases/download/3.27.1/{name}")


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ([], True),
        (["MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD"], False),
        (["MEDIASOUP_LOCAL_DEV"], False),
        (["MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD", "MEDIASOUP_FORCE_WORKER_PREBUILT_DOWNLOAD"], True),
        (["MEDIASOUP_LOCAL_DEV", "MEDIASOUP_FORCE_WORKER_PREBUILT_DOWNLOAD"], True),
    ],
)
def test_mediasoups_variables_turn_the_download_off_and_on(variables: list[str], wanted: bool) -> None:
    """What mediasoup's own installer is told by its variables, this one is told too."""
    assert is_wanted(dict.fromkeys(variables, "true")) is wanted
