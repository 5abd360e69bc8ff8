"""The worker bundle: the mediasoup-worker binary, its schemas and mediasoup's declarations, for one version."""

from tureen.bundle.errors import BuildError, BundleError, BundleMissingError, PrebuiltUnavailableError
from tureen.bundle.location import MEDIASOUP_VERSION, WorkerBundle, cache_folder, locate, verify

__all__ = [
    "MEDIASOUP_VERSION",
    "BuildError",
    "BundleError",
    "BundleMissingError",
    "PrebuiltUnavailableError",
    "WorkerBundle",
    "cache_folder",
    "locate",
    "verify",
]
