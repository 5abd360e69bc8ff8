"""The base of every settings model, and how one is filled."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from tureen.config import sources
from tureen.config.errors import SettingsError


class Settings(BaseModel):
    """A frozen model in which every default is visible and no unknown key is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any],
        env_prefix: str,
        file: Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Fill the settings from flags, environment variables and a TOML file, in this order of precedence.

        A variable is `<env_prefix><FIELD>`; `__` leads into a nested model (`TUREEN_PLACEMENT_NATS__NAME`). Lists
        are JSON or separated by commas, other structures are JSON.

        Args:
            flags: What the command line says, by field name; None means that a flag was not given.
            env_prefix: Such as `TUREEN_PLACEMENT_`.
            file: A TOML file whose keys are the fields, nested models being tables.
            environ: The environment; default: this process's.

        Raises:
            SettingsError: A key is unknown, a value is wrong or the file cannot be read.
        """
        origins: dict[str, str] = {}
        values: dict[str, Any] = {}
        layers = (
            sources.from_file(cls, file) if file else [],
            sources.from_environment(cls, env_prefix, os.environ if environ is None else environ),
            sources.from_flags(cls, flags),
        )
        for layer in layers:
            for setting in layer:
                sources.put(values, setting.path, setting.value)
                origins[".".join(setting.path)] = setting.origin
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_readable(error, origins)) from None


def _readable(error: ValidationError, origins: Mapping[str, str]) -> str:
    """Return a sentence for each wrong value, saying where it was found; values are not shown, they may be secret."""
    sentences = []
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        path = [str(part) for part in entry["loc"]]
        # The place where it was found may be a whole structure that holds the wrong value.
        found = (origins.get(".".join(path[:length])) for length in range(len(path), 0, -1))
        origin = next((place for place in found if place), None)
        message = entry["msg"].removeprefix("Value error, ")
        subject = ".".join(path) or "the settings"
        sentences.append(f"{subject}{f' (from {origin})' if origin else ''}: {message}")
    return "; ".join(sentences)
