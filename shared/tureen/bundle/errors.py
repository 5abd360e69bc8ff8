"""What can go wrong with the worker bundle, each as one sentence for the person who runs Tureen."""

from __future__ import annotations

from collections.abc import Sequence


class BundleError(Exception):
    """Something about the worker bundle failed; the message says what, and what to do."""


class BundleMissingError(BundleError):
    """There is no usable worker bundle where one was looked for."""


class PrebuiltUnavailableError(BundleError):
    """The official prebuilt worker could not be had, or does not start here; a source build may still work."""


class BuildError(BundleError):
    """The worker could not be built from source."""


class MissingPackagesError(BuildError):
    """Packages that a source build needs are not installed."""

    def __init__(self, packages: Sequence[str]) -> None:
        super().__init__(
            "Building the worker from source needs packages that are missing here: "
            f"install them with `sudo apt-get install --no-install-recommends {' '.join(packages)}`, then try again."
        )
        self.packages = tuple(packages)
        """The missing packages, by Debian's names."""
