from __future__ import annotations


class SettingsError(ValueError):
    """A setting is unknown or wrong; the text says which, where it was found and what would do."""
