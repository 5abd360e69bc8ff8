"""Cut the stream of bytes from a worker into messages: 4 bytes of length, little-endian, then a buffer."""

from __future__ import annotations

import struct

from tureen.mediasoup.errors import ChannelError

MESSAGE_MAX_LENGTH = 8_388_608
"""How long a message may be, in bytes, its 4 bytes of length included: what the worker's own buffers hold."""

_length_at = struct.Struct("<I").unpack_from


class MessageStream:
    """Hold what has come of a message whose end has not."""

    __slots__ = ("_needed", "_rest")

    def __init__(self) -> None:
        self._rest = bytearray()
        # How many bytes it takes at least until there is another message.
        self._needed = 4

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete now, each with its length in front.

        Raises:
            ChannelError: A message is longer than any worker's.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        messages: list[bytes] = []
        available = len(data)
        start = 0
        self._needed = 4
        while available - start >= 4:
            length = 4 + _length_at(data, start)[0]
            if length > MESSAGE_MAX_LENGTH:
                raise ChannelError(f"the worker sent a message of {length} bytes")
            if start + length > available:
                self._needed = length
                break
            messages.append(data[start : start + length])
            start += length
        self._rest += data[start:]
        return messages
