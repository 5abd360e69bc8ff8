"""The worker bundle: the mediasoup-worker binary, its schemas and mediasoup's declarations, for one version.

`install` is in a module of its own, `tureen.bundle.install`: whoever only looks for the bundle need not load it.
"""

from tureen.bundle.errors import (
    BuildError,
    BundleError,
    BundleMissingError,
    MissingPackagesError,
    PrebuiltUnavailableError,
)
from tureen.bundle.location import MEDIASOUP_VERSION, WorkerBundle, cache_folder, locate, verify

__all__ = [
    "MEDIASOUP_VERSION",
    "BuildError",
    "BundleError",
    "BundleMissingError",
    "MissingPackagesError",
    "PrebuiltUnavailableError",
    "WorkerBundle",
    "cache_folder",
    "locate",
    "verify",
]
