"""A service's settings: flags beat environment variables, which beat the file, which beats the defaults."""

from __future__ import annotations

from tureen.config.describe import describe
from tureen.config.errors import SettingsError
from tureen.config.settings import Settings

__all__ = ["Settings", "SettingsError", "describe"]
