from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.ortc import h264
from tureen.mediasoup.ortc.h264 import LEVEL_1B, Profile, ProfileLevelId


def named(profile_level_id: str, **parameters: Any) -> dict[str, Any]:
    """Make the parameters of a codec."""
    return {"profile-level-id": profile_level_id} | parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42e01f", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 31)),
        ("42E01F", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 31)),
        ("42c02a", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 42)),
        ("4de01f", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 31)),
        ("58f01f", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 31)),
        ("42a01f", ProfileLevelId(Profile.BASELINE, 31)),
        ("58a01f", ProfileLevelId(Profile.BASELINE, 31)),
        ("4d4028", ProfileLevelId(Profile.MAIN, 40)),
        ("64001f", ProfileLevelId(Profile.HIGH, 31)),
        ("640c34", ProfileLevelId(Profile.CONSTRAINED_HIGH, 52)),
        ("f4001f", ProfileLevelId(Profile.PREDICTIVE_HIGH_444, 31)),
        ("42e00b", ProfileLevelId(Profile.CONSTRAINED_BASELINE, 11)),
        ("42f00b", ProfileLevelId(Profile.CONSTRAINED_BASELINE, LEVEL_1B)),
        ("42100b", ProfileLevelId(Profile.BASELINE, LEVEL_1B)),
        ("4d100b", ProfileLevelId(Profile.MAIN, LEVEL_1B)),
    ],
)
def test_profiles_and_levels_are_read(text: str, expected: ProfileLevelId) -> None:
    """Six digits name a profile, by the bits that matter, and a level."""
    assert h264.parse_profile_level_id(text) == expected


@pytest.mark.parametrize(
    "text", ["", "42e01", "42e01f1", "gggggg", " 42e01", "000000", "42e000", "640f1f", "ffffff", 4, None]
)
def test_unknown_profiles_and_levels_are_none(text: object) -> None:
    """What is no known profile and level is read as `None`."""
    assert h264.parse_profile_level_id(text) is None


@pytest.mark.parametrize(
    "text", ["42e01f", "42001f", "4d0028", "64001f", "640c34", "f4001f", "42f00b", "42100b", "4d100b"]
)
def test_canonical_strings_are_written_as_they_were_read(text: str) -> None:
    """Reading and writing a canonical string leaves it as it was."""
    parsed = h264.parse_profile_level_id(text)
    assert parsed is not None
    assert h264.format_profile_level_id(parsed) == text


def test_level_1b_exists_in_low_profiles_alone() -> None:
    """Level 1b of High cannot be written."""
    assert h264.format_profile_level_id(ProfileLevelId(Profile.HIGH, LEVEL_1B)) is None


def test_profiles_are_compared_without_levels() -> None:
    """The same profile may be written in several ways, and absent means Constrained Baseline."""
    assert h264.is_same_profile(named("42e01f"), named("42c02a"))
    assert h264.is_same_profile({}, named("42e01f"))
    assert h264.is_same_profile(named("64001f"), named("640028"))
    assert not h264.is_same_profile({}, named("4d001f"))
    assert not h264.is_same_profile(named("640c1f"), named("64001f"))
    assert not h264.is_same_profile(named("foo"), named("foo"))


@pytest.mark.parametrize(
    ("local", "offered", "answer"),
    [
        ({}, {}, None),
        (named("42e015"), named("42e01f"), "42e015"),
        (named("42e01f"), named("42e015"), "42e015"),
        (named("42e01f", **{"level-asymmetry-allowed": 1}), named("42e015"), "42e015"),
        (
            named("42e01f", **{"level-asymmetry-allowed": "1"}),
            named("42e015", **{"level-asymmetry-allowed": 1}),
            "42e01f",
        ),
        ({}, named("42e015"), "42e015"),
        (named("42e034"), {}, "42e01f"),
        (named("42f00b"), named("42e00b"), "42f00b"),
        (named("42f00b"), named("42e00a"), "42e00a"),
        (named("42e00a"), named("42f00b"), "42f00b"),
        (named("42e01f"), named("42f00b"), "42e01f"),
    ],
)
def test_the_answer_takes_the_lower_level(local: dict[str, Any], offered: dict[str, Any], answer: str | None) -> None:
    """The answer has the lower level, unless both sides allow different ones; 1b is compared as WebRTC does."""
    assert h264.answer_profile_level_id(local, offered) == answer


@pytest.mark.parametrize(
    ("local", "offered"),
    [(named("42e01f"), named("640c1f")), (named("foo"), named("42e01f")), (named("42e01f"), named("foo"))],
)
def test_different_profiles_have_no_answer(local: dict[str, Any], offered: dict[str, Any]) -> None:
    """Profiles that are unknown or differ raise TypeError."""
    with pytest.raises(TypeError):
        h264.answer_profile_level_id(local, offered)
