"""Keys of encrypted RTP on PlainTransports and PipeTransports (RFC 3711)."""

from __future__ import annotations

from typing import Literal, TypedDict

SrtpCryptoSuite = Literal[
    "AEAD_AES_256_GCM",
    "AEAD_AES_128_GCM",
    "AES_CM_128_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32",
]
"""How packets are encrypted and authenticated (RFC 4568, RFC 7714)."""


class SrtpParameters(TypedDict):
    """One direction's encryption.

    Attributes:
        cryptoSuite: Encryption and authentication in use.
        keyBase64: Master key and salt, in Base64: 30 bytes for AES_CM_128, 28 for AEAD_AES_128, 44 for AEAD_AES_256.
            A secret: keep it out of logs.
    """

    cryptoSuite: SrtpCryptoSuite
    keyBase64: str
