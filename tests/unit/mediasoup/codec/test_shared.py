"""Lists and tables that many structures have in common are encoded once."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from tureen.mediasoup.codec import Codec, SharedList, SharedTable, Sharer

TABLE = "FBS.RtpParameters.RtpParameters"


def parameters(**codec: Any) -> dict[str, Any]:
    """Return RTP parameters with a codec that is changed so."""
    vp8 = {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000, "parameters": {"x": 1}, "rtcpFeedback": []}
    return {"mid": "0", "codecs": [{**vp8, **codec}], "headerExtensions": [], "encodings": [], "rtcp": {}}


def test_equal_lists_become_one() -> None:
    """Whoever brings an equal list gets the one that is there; another list stays another."""
    sharer: Sharer[list[dict[str, int]]] = Sharer(SharedList)
    first = sharer.share([{"id": 1}])
    assert first == [{"id": 1}]
    assert sharer.share([{"id": 1}]) is first
    assert sharer.share([{"id": 2}]) is not first
    assert sharer.share([]) == []


def test_little_is_kept() -> None:
    """Endpoints that send ever other lists fill no memory; what they pushed out is kept anew."""
    sharer: Sharer[list[int]] = Sharer(SharedList)
    first = sharer.share([0])
    for number in range(1, 1000):
        sharer.share([number])
    assert len(sharer._known) == 16
    assert sharer.share([0]) == first
    assert sharer.share([0]) is not first


@pytest.mark.parametrize("changes", [{}, {"parameters": {"ratio": 0.5}}, {"parameters": {"a": 0.5, "b": 1, "c": 2.5}}])
@pytest.mark.parametrize("mid", ["0", "0123456", "01234567"])
def test_it_is_encoded_as_any_list(codec: Codec, changes: dict[str, Any], mid: str) -> None:
    """It comes to the same bytes, wherever it lies in the buffer, with and without fields that have to be aligned."""
    table = codec.table(TABLE)
    values = {**parameters(**changes), "mid": mid}
    shared = {**values, "codecs": SharedList(values["codecs"])}
    for _ in range(3):
        assert table.encode(shared) == table.encode(values)
        assert (
            table.decode(bytes(table.encode(shared)))["codecs"] == table.decode(bytes(table.encode(values)))["codecs"]
        )


def test_what_is_wrong_with_it_is_named(codec: Codec) -> None:
    """A field that does not fit is named each time, as in any list."""
    wrong = parameters(payloadType=256)
    wrong["codecs"] = SharedList(wrong["codecs"])
    for _ in range(2):
        with pytest.raises(TypeError, match=r"codecs\[0\]\.payloadType must be from 0 to 255"):
            codec.table(TABLE).encode(wrong)


def test_none_is_absent_in_it_too(codec: Codec) -> None:
    """A key that is None is absent."""
    values = parameters(channels=None)
    shared = {**values, "codecs": SharedList(values["codecs"])}
    table = codec.table(TABLE)
    for _ in range(2):
        assert table.decode(bytes(table.encode(shared)))["codecs"][0]["channels"] is None


def test_each_codec_encodes_it_for_itself(codec: Codec) -> None:
    """Two codecs do not mix up what they have made of it."""
    values = parameters()
    shared = {**values, "codecs": SharedList(values["codecs"])}
    expected = codec.table(TABLE).encode(values)
    for each in (codec, Codec(codec.model), codec):
        assert each.table(TABLE).encode(shared) == expected


def test_copies_are_plain_lists(codec: Codec) -> None:
    """A copy may be changed: it is a list like any other. As JSON it is a list, too."""
    shared = SharedList([{"id": 1}])
    codec.table(TABLE).encode({**parameters(), "codecs": SharedList(parameters()["codecs"])})
    for made in (copy.copy(shared), copy.deepcopy(shared), pickle.loads(pickle.dumps(shared)), shared[:]):
        assert type(made) is list
        assert made == shared
    assert json.dumps(shared) == '[{"id": 1}]'


OPTIONS: dict[str, Any] = {
    "base": {"initialAvailableOutgoingBitrate": 600000, "enableSctp": False, "maxReceiveMessageSize": 262144},
    "listenType": "ListenIndividual",
    "listen": {"listenInfos": [{"protocol": "udp", "ip": "127.0.0.1", "portRange": {}, "flags": {}}]},
    "enableUdp": True,
    "iceConsentTimeout": 30,
}


@pytest.mark.parametrize("transport_id", ["t", "abcd", "abcdefgh", "abcdefghijkl"])
def test_a_table_is_encoded_as_any_table(codec: Codec, transport_id: str) -> None:
    """A shared table comes to the same bytes wherever it lies, though it holds fields that have to be aligned."""
    table = codec.table("FBS.Router.CreateWebRtcTransportRequest")
    sharer: Sharer[dict[str, Any]] = Sharer(SharedTable)
    shared = sharer.share(OPTIONS)
    expected = table.encode({"transportId": transport_id, "options": OPTIONS})
    for _ in range(3):
        assert table.encode({"transportId": transport_id, "options": shared}) == expected


def test_what_is_wrong_with_a_table_is_named(codec: Codec) -> None:
    """A field of a shared table that does not fit is named each time, and None is absent."""
    table = codec.table("FBS.Router.CreateWebRtcTransportRequest")
    for _ in range(2):
        with pytest.raises(TypeError, match="iceConsentTimeout"):
            table.encode({"transportId": "t", "options": SharedTable({**OPTIONS, "iceConsentTimeout": 256})})
    absent = {"transportId": "t", "options": SharedTable({**OPTIONS, "iceConsentTimeout": None})}
    assert table.decode(bytes(table.encode(absent)))["options"]["iceConsentTimeout"] == 30


def test_a_copy_of_a_table_is_plain(codec: Codec) -> None:
    """Whoever copies a shared table may change what comes of it."""
    for copied in (copy.deepcopy(SharedTable(OPTIONS)), pickle.loads(pickle.dumps(SharedTable(OPTIONS)))):
        assert type(copied) is dict
        assert copied == OPTIONS
