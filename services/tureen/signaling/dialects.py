"""What browsers are told, in both dialects of mediasoup-demo at once.

The classic server and its TypeScript rewrite give the same things different names. Nobody is asked which they speak:
every answer and notification carries the names of both. `incoming.py` is the other half, what browsers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tureen.signaling.room import Peer

Data = dict[str, Any]


def router_rtp_capabilities(capabilities: Mapping[str, Any]) -> Data:
    """Answer `getRouterRtpCapabilities`."""
    return {**capabilities, "routerRtpCapabilities": dict(capabilities)}


def web_rtc_transport(created: Mapping[str, Any]) -> Data:
    """Answer `createWebRtcTransport` with what the node agent answered."""
    known = ("iceParameters", "iceCandidates", "dtlsParameters", "sctpParameters", "served")
    return {
        "id": created["id"],
        "transportId": created["id"],
        **{name: created[name] for name in known if created.get(name) is not None},
    }


def ice_restarted(ice_parameters: Mapping[str, Any]) -> Data:
    """Answer `restartIce`."""
    return {**ice_parameters, "iceParameters": dict(ice_parameters)}


def joined(others: Iterable[Peer]) -> Data:
    """Answer `join` with those who are there already."""
    return {"peers": [_peer(other.id, other.display_name, other.device) for other in others]}


def produced(producer_id: str) -> Data:
    """Answer `produce`."""
    return {"id": producer_id, "producerId": producer_id}


def stats(entries: list[Any], as_list: bool) -> Data | list[Any]:
    """Answer a request for statistics: an array in the classic dialect, an object in the other."""
    return entries if as_list else {"stats": entries}


def new_consumer(
    created: Mapping[str, Any], *, peer_id: str, transport_id: str, app_data: Mapping[str, Any], source: Any
) -> Data:
    """Ask a browser to take a consumer, by what the node agent answered.

    The TypeScript client builds a stream id from `appData.source`, so there is one even if the sender named none.
    """
    kind = created["kind"]
    return {
        "peerId": peer_id,
        "producerId": created["producerId"],
        "id": created["id"],
        "consumerId": created["id"],
        "transportId": transport_id,
        "kind": kind,
        "rtpParameters": created["rtpParameters"],
        "type": created["type"],
        "producerPaused": created["producerPaused"],
        "consumerScore": created["score"],
        "appData": {"source": kind, **app_data, "peerId": peer_id},
        "served": created["served"],
        "source": created.get("source") or source,
    }


def new_peer(peer_id: str, display_name: str, device: Mapping[str, Any]) -> Data:
    """Tell of a peer that joined."""
    peer = _peer(peer_id, display_name, device)
    return {**peer, "peer": peer}


def peer_closed(peer_id: str) -> Data:
    """Tell of a peer that left."""
    return {"peerId": peer_id}


def display_name_changed(peer_id: str, display_name: str, old: str) -> Data:
    """Tell of a peer's new name."""
    return {"peerId": peer_id, "displayName": display_name, "oldDisplayName": old}


def consumer_named(consumer_id: str) -> Data:
    """Tell of a consumer that was closed, or whose producer was paused or resumed."""
    return {"consumerId": consumer_id}


def consumer_score(consumer_id: str, score: Mapping[str, Any]) -> Data:
    """Tell of a consumer's score."""
    return {"consumerId": consumer_id, "score": dict(score)}


def consumer_layers_changed(consumer_id: str, layers: Mapping[str, Any] | None) -> Data:
    """Tell which layers a consumer gets now; none means that it gets nothing."""
    told: Data = {"consumerId": consumer_id, "spatialLayer": None, "temporalLayer": None}
    if layers is not None:
        told.update(spatialLayer=layers.get("spatialLayer"), temporalLayer=layers.get("temporalLayer"))
        told["layers"] = dict(layers)
    return told


def producer_score(producer_id: str, score: Any) -> Data:
    """Tell a sender how well its streams arrive."""
    return {"producerId": producer_id, "score": score}


def mediasoup_version(version: str) -> Data:
    """Tell which mediasoup serves the room."""
    return {"version": version}


def _peer(peer_id: str, display_name: str, device: Mapping[str, Any]) -> Data:
    return {"id": peer_id, "peerId": peer_id, "displayName": display_name, "device": dict(device)}
