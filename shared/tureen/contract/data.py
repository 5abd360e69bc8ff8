"""Data producers and data consumers: messages through SCTP, or through the bus on a DirectTransport."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo

from tureen.contract.ids import Id
from tureen.contract.leases import Ownable
from tureen.contract.media import Served, Structure, TransportRef, UInt32
from tureen.contract.model import Command, Reply
from tureen.contract.paging import Pageable

Subchannel = Annotated[int, Field(ge=0, lt=65536)]
UInt16 = Annotated[int, Field(ge=0, lt=65536)]


def _bytes_of_json(value: object, info: ValidationInfo) -> object:
    """In JSON a message is always bytes, in base64; say `ppid` 51 to send text."""
    if info.mode != "json" or not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None


DataMessage = Annotated[str | bytes, BeforeValidator(_bytes_of_json)]
"""Text (msgpack `str`) or bytes (`bin`); they differ in the payload protocol identifier, as in RFC 8831."""


class TransportProduceData(Ownable, TransportRef):
    """`transport.produceData`. `sctpStreamParameters` is needed but on a DirectTransport."""

    id: Id | None = None
    sctp_stream_parameters: Structure | None = None
    label: str = ""
    protocol: str = ""
    paused: bool = False
    app_data: Structure | None = None


class DataProducerCreated(Reply):
    """A new data producer."""

    id: str
    type: str
    sctp_stream_parameters: Structure | None = None
    label: str
    protocol: str
    paused: bool
    served: Served


class TransportConsumeData(Ownable, TransportRef):
    """`transport.consumeData`, of a data producer of the same router."""

    id: Id | None = None
    data_producer_id: Id
    ordered: bool | None = None
    max_packet_life_time: UInt16 | None = None
    max_retransmits: UInt16 | None = None
    paused: bool = False
    subchannels: list[Subchannel] = Field(default_factory=list)
    app_data: Structure | None = None


class DataConsumerCreated(Reply):
    """A new data consumer."""

    id: str
    data_producer_id: str
    type: str
    sctp_stream_parameters: Structure | None = None
    label: str
    protocol: str
    paused: bool
    data_producer_paused: bool
    subchannels: list[int]
    served: Served


class DataProducerRef(Command):
    """Name a data producer.

    Attributes:
        router_id: Which one is meant where another router of the node has, out of a pipe, one of the same id; default:
            the one that came out of no pipe.
    """

    data_producer_id: Id
    router_id: Id | None = None


class DataProducerInspect(Pageable, DataProducerRef):
    """`dataProducer.dump` and `dataProducer.getStats`."""


class DataProducerSend(DataProducerRef):
    """`dataProducer.send`, for a data producer of a DirectTransport."""

    message: DataMessage
    ppid: UInt32 | None = None
    subchannels: list[Subchannel] = Field(default_factory=list)
    required_subchannel: Subchannel | None = None
    ignored_subchannel: Subchannel | None = None


class DataConsumerRef(Command):
    """Name a data consumer."""

    data_consumer_id: Id


class DataConsumerInspect(Pageable, DataConsumerRef):
    """`dataConsumer.dump` and `dataConsumer.getStats`."""


class DataConsumerSend(DataConsumerRef):
    """`dataConsumer.send`, for one that is not of a DirectTransport."""

    message: DataMessage
    ppid: UInt32 | None = None


class DataConsumerSetThreshold(DataConsumerRef):
    """`dataConsumer.setBufferedAmountLowThreshold`; bytes."""

    threshold: UInt32


class BufferedAmount(Reply):
    """How many bytes wait to be sent."""

    buffered_amount: int


class DataConsumerSetSubchannels(DataConsumerRef):
    """`dataConsumer.setSubchannels`."""

    subchannels: list[Subchannel]


class DataConsumerSubchannel(DataConsumerRef):
    """`dataConsumer.addSubchannel` and `removeSubchannel`."""

    subchannel: Subchannel


class Subchannels(Reply):
    """The subchannels that a data consumer listens to now."""

    subchannels: list[int]
