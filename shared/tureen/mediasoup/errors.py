"""What can go wrong, named as mediasoup names it.

::

    Exception
    ├── TypeError                   mediasoup's TypeError is Python's own: a wrong argument or option
    └── MediasoupError              mediasoup's plain Error: the worker refused, a limit was passed
        ├── UnsupportedError        the other side cannot do that (a codec, a header extension, …)
        ├── NotFoundError           the worker does not know the object any more
        ├── WorkerClosedError       the worker has been closed, or it died
        ├── RequestTimeoutError     the worker has not answered in time
        └── ChannelError            the worker sent what no worker sends; its channel is closed

``RequestTimeoutError`` is also the built-in ``TimeoutError``, so that code which knows nothing of mediasoup can
catch it.
"""

from __future__ import annotations


class MediasoupError(Exception):
    """Be the base of all errors that are mediasoup's own."""


class UnsupportedError(MediasoupError):
    """Say that something is not supported."""


class NotFoundError(MediasoupError):
    """Say that the worker does not know the object which a request is for."""


class WorkerClosedError(MediasoupError):
    """Say that the worker is closed, or has died, and that nothing more can be asked of it."""


class RequestTimeoutError(MediasoupError, TimeoutError):
    """Say that the worker has not answered a request within its time limit.

    Whether it carried the request out is unknown.
    """


class ChannelError(MediasoupError):
    """Say that a message on the channel is malformed, or that the channel cannot take more."""
