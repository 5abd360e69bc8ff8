from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr, ValidationError

from tureen.config import Settings, SettingsError


class Nats(Settings):
    """Settings within settings."""

    servers: list[str] = Field(default_factory=lambda: ["nats://127.0.0.1:4222"])
    password: SecretStr | None = None


class Sample(Settings):
    """What a service's settings look like."""

    name: str = "sample"
    workers: Annotated[int, Field(ge=1)] = 1
    watermark: float = 60
    draining: bool = False
    regions: list[str] | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    nats: Nats = Field(default_factory=Nats)


def load(
    flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, file: Path | None = None
) -> Sample:
    """Load the sample's settings from these sources alone."""
    return Sample.load(flags or {}, "TUREEN_SAMPLE_", file, environ=environ or {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a settings file."""
    path = tmp_path / "sample.toml"
    path.write_text('name = "file"\nworkers = 2\nwatermark = 50\n[nats]\nservers = ["nats://file:1"]\n')
    return path


def test_defaults() -> None:
    """Without any source the defaults hold, and can be read off."""
    assert load() == Sample()
    assert load().nats.servers == ["nats://127.0.0.1:4222"]


def test_precedence(file: Path) -> None:
    """Flags beat variables, which beat the file, which beats the defaults."""
    environ = {"TUREEN_SAMPLE_NAME": "variable", "TUREEN_SAMPLE_WORKERS": "3"}
    settings = load({"name": "flag"}, environ, file)
    assert (settings.name, settings.workers, settings.watermark, settings.draining) == ("flag", 3, 50, False)


def test_sources_mix_within_a_structure(file: Path) -> None:
    """One field of a nested structure can come from elsewhere than the next."""
    settings = load({}, {"TUREEN_SAMPLE_NATS__PASSWORD": "pw"}, file)
    assert settings.nats.servers == ["nats://file:1"]
    assert settings.nats.password is not None
    assert settings.nats.password.get_secret_value() == "pw"


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("WORKERS", "8", "workers", 8),
        ("DRAINING", "true", "draining", True),
        ("WATERMARK", "12.5", "watermark", 12.5),
        ("REGIONS", "eu, us", "regions", ["eu", "us"]),
        ("REGIONS", '["eu"]', "regions", ["eu"]),
        ("REGIONS", "", "regions", []),
        ("LABELS", '{"a": "b"}', "labels", {"a": "b"}),
        ("NATS", '{"servers": ["x"]}', "nats", Nats(servers=["x"])),
    ],
)
def test_variables(variable: str, text: str, field: str, value: object) -> None:
    """A variable's text becomes what the field holds."""
    assert getattr(load({}, {f"TUREEN_SAMPLE_{variable}": text}), field) == value


def test_flags_that_were_not_given() -> None:
    """None means that a flag was not given."""
    assert load({"workers": None}, {"TUREEN_SAMPLE_WORKERS": "4"}).workers == 4


def test_other_variables_are_not_ours() -> None:
    """Variables with another prefix are left alone."""
    assert load({}, {"TUREEN_OTHER_NAME": "x", "PATH": "/bin"}) == Sample()


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ({"flags": {"worker": 1}}, "unknown setting worker in the command line: did you mean workers?"),
        (
            {"environ": {"TUREEN_SAMPLE_WATERMARKS": "1"}},
            "unknown setting TUREEN_SAMPLE_WATERMARKS in the environment: did you mean watermark?",
        ),
        (
            {"environ": {"TUREEN_SAMPLE_NATS__SERVER": "x"}},
            "unknown setting TUREEN_SAMPLE_NATS__SERVER in the environment: did you mean servers?",
        ),
        (
            {"environ": {"TUREEN_SAMPLE_NAME__X": "x"}},
            "unknown setting TUREEN_SAMPLE_NAME__X in the environment: known are none",
        ),
        ({"flags": {"nats": {"zzz": 1}}}, "unknown setting nats.zzz in the command line: known are password, servers"),
        (
            {"environ": {"TUREEN_SAMPLE_WORKERS": "many"}},
            "workers (from the environment variable TUREEN_SAMPLE_WORKERS): Input should be a valid integer",
        ),
        ({"flags": {"workers": 0}}, "workers (from the command line): Input should be greater than or equal to 1"),
        ({"environ": {"TUREEN_SAMPLE_LABELS": "{a"}}, "TUREEN_SAMPLE_LABELS is not JSON"),
        (
            {"environ": {"TUREEN_SAMPLE_LABELS": '{"a": 1}'}},
            "labels.a (from the environment variable TUREEN_SAMPLE_LABELS): Input should be a valid string",
        ),
        ({"file": Path("/nowhere/x.toml")}, "cannot read the settings file /nowhere/x.toml: No such file or directory"),
    ],
)
def test_what_is_refused(sources: dict[str, Any], sentence: str) -> None:
    """An unknown or wrong setting is refused with a sentence that names it, its source and the nearest known one."""
    with pytest.raises(SettingsError) as raised:
        load(**sources)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "is not TOML"),
        ("nane = 1", "did you mean name?"),
        ("[nats]\nserver = 1", "unknown setting nats.server"),
        ('nats = "x"', "nats (from"),
    ],
)
def test_a_wrong_file(tmp_path: Path, text: str, sentence: str) -> None:
    """A wrong file is refused with its name."""
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"bad\.toml") as raised:
        load(file=path)
    assert sentence in str(raised.value)


def test_secrets_stay_secret() -> None:
    """A wrong value is not repeated: it may be a password in the wrong place."""
    with pytest.raises(SettingsError) as raised:
        load({}, {"TUREEN_SAMPLE_WORKERS": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_settings_are_frozen_and_strict_about_names() -> None:
    """Settings never change, and a misspelt keyword is an error in code as well."""
    with pytest.raises(ValidationError):
        Sample().name = "x"
    with pytest.raises(ValidationError):
        Sample(nane="x")  # type: ignore[call-arg]
