"""What is refused before anybody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tureen.cli.main import app


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["call", "rooter.dmup"], "did you mean router.dump"),
        (["call", "room.get", "{"], "not JSON"),
        (["call", "room.get", "@/none"], "No such file"),
        (["call", "room.get", "{}", "--node", "n"], "leave --node out"),
        (["call", "room.get", "{}", "--url", "http://x"], "nats://"),
        (["call", "room.get", "{}", "--tenant", "a.b"], "no tenant's name"),
        (["call", "room.get", "--tiemout", "1"], "--timeout"),
        (["listen", "scor"], "did you mean score"),
        (["listen", "tureen.v1.>"], "would hear commands"),
        (["listen", "--url", "x://y"], "nats://"),
        (["nodes", "--url", "x://y"], "nats://"),
        (["nodes", "--watch"], "tureen listen heartbeat"),
    ],
)
def test_what_is_refused(arguments: list[str], hint: str) -> None:
    """A command line that is wrong ends with status 2 and says what would be right."""
    ran = CliRunner().invoke(app, arguments, env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000", "NATS_URL": ""})
    assert ran.exit_code == 2, ran.output
    assert hint in ran.output


def test_fields_ask_nobody(tmp_path: Path) -> None:
    """What a command takes is told without a cluster, to programs as JSON Schemas."""
    ran = CliRunner().invoke(app, ["call", "router.createPlainTransport", "--fields", "--url", "nats://127.0.0.1:1"])
    assert ran.exit_code == 0
    assert '"required":["routerId","listenInfo"]' in ran.output


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tureen ", {"up", "worker", "call", "listen", "nodes"}),
        ("tureen call dataProducer.", {"dataProducer.send", "dataProducer.close"}),
        ("tureen call --t", {"--tenant", "--timeout"}),
        ("tureen listen producer.s", {"producer.score"}),
    ],
)
def test_the_shell_completes(line: str, offered: set[str]) -> None:
    """Names of commands, options and events are offered."""
    words = str(len(line.split(" ")) - 1)
    env = {"_TUREEN_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": words}
    ran = CliRunner().invoke(app, [], prog_name="tureen", env=env)
    assert offered <= set(ran.output.split())
