"""What browsers ask for, in both dialects of mediasoup-demo at once.

Unknown fields are ignored: clients in the field send extras. What is read is checked here as far as signaling uses it;
RTP and DTLS parameters are judged by mediasoup's own validation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from tureen.contract.errors import InvalidType
from tureen.contract.ids import Id
from tureen.contract.media import Kind, Structure
from tureen.contract.rooms import Direction

MAX_FREE_FORM = 4096
"""Most bytes of what a client may say freely (`device`, `appData`): everybody in the room gets a copy."""


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > MAX_FREE_FORM:
        raise ValueError(f"larger than {MAX_FREE_FORM} bytes")
    return value


Name = Annotated[str, StringConstraints(max_length=256)]
FreeForm = Annotated[dict[str, Any], AfterValidator(_small)]


class Incoming(BaseModel):
    """What all requests have in common."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", strict=True)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read a request's data.

        Raises:
            InvalidType: A field is missing, of the wrong type or out of range; `details.path` names it.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            path = ".".join(str(part) for part in first["loc"])
            raise InvalidType(f"{path or 'data'}: {first['msg']}", details={"path": path}) from None


class CreateWebRtcTransport(Incoming):
    """`createWebRtcTransport`.

    The classic dialect says `producing` and `consuming`, the TypeScript one `appData.direction`.
    """

    force_tcp: bool = False
    producing: bool | None = None
    consuming: bool | None = None
    app_data: Structure | None = None

    @property
    def is_classic(self) -> bool:
        """Whether it was asked in the classic dialect."""
        return self.producing is not None or self.consuming is not None

    @property
    def direction(self) -> Direction:
        """What the transport is for; both where the client does not say."""
        if self.is_classic:
            if bool(self.producing) == bool(self.consuming):
                return "both"
            return "send" if self.producing else "recv"
        named = (self.app_data or {}).get("direction")
        if named == "producer":
            return "send"
        return "recv" if named == "consumer" else "both"


class TransportNamed(Incoming):
    """A request about one transport."""

    transport_id: Id


class ConnectWebRtcTransport(TransportNamed):
    """`connectWebRtcTransport`."""

    dtls_parameters: Structure


class Join(Incoming):
    """`join`; without `rtpCapabilities` the peer receives nothing."""

    display_name: Name = ""
    device: Any = None
    """Old clients send other things than objects, which is no reason to keep them out."""
    rtp_capabilities: Structure | None = None

    @property
    def device_shown(self) -> dict[str, Any]:
        """The device as others see it: nothing, where it is no object or too large."""
        is_fit = isinstance(self.device, dict) and len(json.dumps(self.device)) <= MAX_FREE_FORM
        return self.device if is_fit else {}


class Produce(TransportNamed):
    """`produce`."""

    kind: Kind
    rtp_parameters: Structure
    app_data: FreeForm = Field(default_factory=dict)


class ProducerNamed(Incoming):
    """A request about one producer."""

    producer_id: Id


class ConsumerNamed(Incoming):
    """A request about one consumer."""

    consumer_id: Id


class SetConsumerPreferredLayers(ConsumerNamed):
    """`setConsumerPreferredLayers`."""

    spatial_layer: Annotated[int, Field(ge=0, lt=256)]
    temporal_layer: Annotated[int, Field(ge=0, lt=256)] | None = None


class SetConsumerPriority(ConsumerNamed):
    """`setConsumerPriority`."""

    priority: Annotated[int, Field(ge=1, le=255)]


class ChangeDisplayName(Incoming):
    """`changeDisplayName`."""

    display_name: Name
