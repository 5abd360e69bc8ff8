"""ORTC: which codecs, header extensions and streams an endpoint and a router can use with each other.

Pure functions over mediasoup's structures. They need no worker, so a client library may use them too. None of them
changes what it is given; results share what did not have to change.
"""

from __future__ import annotations

from tureen.mediasoup.ortc.capabilities import generate_router_rtp_capabilities
from tureen.mediasoup.ortc.consumer import get_consumer_rtp_parameters, get_pipe_consumer_rtp_parameters
from tureen.mediasoup.ortc.producer import (
    ProducerRtpMapping,
    can_consume,
    get_consumable_rtp_parameters,
    get_producer_rtp_parameters_mapping,
)
from tureen.mediasoup.ortc.ssrc import SsrcSequence, SsrcSource, random_ssrcs
from tureen.mediasoup.ortc.validation import (
    validate_and_normalize_rtp_capabilities,
    validate_and_normalize_rtp_parameters,
    validate_and_normalize_sctp_stream_parameters,
)

__all__ = [
    "ProducerRtpMapping",
    "SsrcSequence",
    "SsrcSource",
    "can_consume",
    "generate_router_rtp_capabilities",
    "get_consumable_rtp_parameters",
    "get_consumer_rtp_parameters",
    "get_pipe_consumer_rtp_parameters",
    "get_producer_rtp_parameters_mapping",
    "random_ssrcs",
    "validate_and_normalize_rtp_capabilities",
    "validate_and_normalize_rtp_parameters",
    "validate_and_normalize_sctp_stream_parameters",
]
