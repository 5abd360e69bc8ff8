"""The names of both dialects of mediasoup-demo."""

from __future__ import annotations

from typing import Any

from tureen.signaling import dialects
from tureen.signaling.room import Peer

SERVED = {"nodeId": "n", "workerId": "w", "workerIndex": 0, "routerId": "r"}
CREATED: dict[str, Any] = {
    "id": "c",
    "producerId": "p",
    "kind": "video",
    "type": "simulcast",
    "rtpParameters": {"codecs": []},
    "paused": True,
    "producerPaused": False,
    "score": {"score": 10, "producerScore": 10, "producerScores": [10]},
    "served": SERVED,
}


def new_consumer(app_data: dict[str, Any], **created: Any) -> dict[str, Any]:
    """Return the offer of a consumer."""
    return dialects.new_consumer(
        {**CREATED, **created}, peer_id="alice", transport_id="t", app_data=app_data, source={"nodeId": "origin"}
    )


def test_capabilities_are_given_bare_and_named() -> None:
    """Classic clients take the answer itself, the others its `routerRtpCapabilities`."""
    caps = {"codecs": [1], "headerExtensions": [2]}
    assert dialects.router_rtp_capabilities(caps) == {**caps, "routerRtpCapabilities": caps}


def test_a_transport_has_both_names() -> None:
    """`id` and `transportId` are the same; what is absent stays absent, what nobody asked for is left out."""
    created = {"id": "t", "iceRole": "controlled", "iceParameters": {}, "iceCandidates": [], "dtlsParameters": {}}
    assert dialects.web_rtc_transport({**created, "served": SERVED}) == {
        "id": "t",
        "transportId": "t",
        "iceParameters": {},
        "iceCandidates": [],
        "dtlsParameters": {},
        "served": SERVED,
    }


def test_a_producer_has_both_names() -> None:
    """`id` and `producerId` are the same."""
    assert dialects.produced("p") == {"id": "p", "producerId": "p"}


def test_ice_parameters_are_given_bare_and_named() -> None:
    """Classic clients take the answer itself, the others its `iceParameters`."""
    ice = {"usernameFragment": "u", "password": "p", "iceLite": True}
    assert dialects.ice_restarted(ice) == {**ice, "iceParameters": ice}


def test_a_consumer_has_all_names() -> None:
    """`id`, `consumerId`, `transportId`, the sender's appData with the peer in it, and where everything lives."""
    offer = new_consumer({"source": "screensharing"})
    assert (offer["id"], offer["consumerId"], offer["transportId"], offer["peerId"]) == ("c", "c", "t", "alice")
    assert offer["appData"] == {"source": "screensharing", "peerId": "alice"}
    assert offer["consumerScore"] == CREATED["score"]
    assert (offer["served"], offer["source"]) == (SERVED, {"nodeId": "origin"})


def test_a_consumer_always_has_a_source() -> None:
    """The TypeScript client needs `appData.source`; a classic sender gives none."""
    assert new_consumer({})["appData"] == {"source": "video", "peerId": "alice"}


def test_the_agent_knows_best_where_the_origin_is() -> None:
    """What the node agent says of the source wins over what was known when it was produced."""
    assert new_consumer({}, source={"nodeId": "elsewhere"})["source"] == {"nodeId": "elsewhere"}


def test_a_sender_cannot_pass_for_another() -> None:
    """`appData.peerId` is ours, whatever the sender wrote there."""
    assert new_consumer({"peerId": "mallory"})["appData"]["peerId"] == "alice"


def test_peers_are_told_flat_and_nested() -> None:
    """`newPeer` has the fields of a peer, and `peer` with them."""
    told = dialects.new_peer("alice", "Alice", {"flag": "chrome"})
    flat = {"id": "alice", "peerId": "alice", "displayName": "Alice", "device": {"flag": "chrome"}}
    assert told == {**flat, "peer": flat}
    assert dialects.joined([Peer("alice", display_name="Alice", device={"flag": "chrome"})]) == {"peers": [flat]}


def test_layers_are_told_flat_and_nested() -> None:
    """No layers are nulls in one dialect, and absent in the other."""
    assert dialects.consumer_layers_changed("c", {"spatialLayer": 1, "temporalLayer": 2}) == {
        "consumerId": "c",
        "spatialLayer": 1,
        "temporalLayer": 2,
        "layers": {"spatialLayer": 1, "temporalLayer": 2},
    }
    assert dialects.consumer_layers_changed("c", None) == {
        "consumerId": "c",
        "spatialLayer": None,
        "temporalLayer": None,
    }


def test_statistics_cannot_be_both() -> None:
    """An array for classic clients, an object for the others."""
    assert dialects.stats([1], as_list=True) == [1]
    assert dialects.stats([1], as_list=False) == {"stats": [1]}
