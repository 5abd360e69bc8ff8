"""The `profile-level-id` of H264 (RFC 6184, section 8.1): which profile, and which level, the most that it may take."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple


class Profile(Enum):
    """A profile, by the three digits and a half that stand for it: profile_idc and the constraint flags."""

    CONSTRAINED_BASELINE = "42e0"
    BASELINE = "4200"
    MAIN = "4d00"
    CONSTRAINED_HIGH = "640c"
    HIGH = "6400"
    PREDICTIVE_HIGH_444 = "f400"


class ProfileLevelId(NamedTuple):
    """A parsed `profile-level-id`.

    Attributes:
        profile: The profile.
        level: Ten times the level's number: 31 is level 3.1; 0 stands for level 1b.
    """

    profile: Profile
    level: int


LEVEL_1B: Final = 0
_LEVELS: Final = frozenset({10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52})

# RFC 6184 says Baseline at level 1. WebRTC's implementations all assume this one, and mediasoup follows them.
DEFAULT: Final = ProfileLevelId(Profile.CONSTRAINED_BASELINE, 31)

# RFC 6184, table 5: profile_idc, which of the constraint flags matter, their values, and the profile that they mean.
_PROFILES: Final = (
    (0x42, 0b0100_1111, 0b0100_0000, Profile.CONSTRAINED_BASELINE),
    (0x4D, 0b1000_1111, 0b1000_0000, Profile.CONSTRAINED_BASELINE),
    (0x58, 0b1100_1111, 0b1100_0000, Profile.CONSTRAINED_BASELINE),
    (0x42, 0b0100_1111, 0b0000_0000, Profile.BASELINE),
    (0x58, 0b1100_1111, 0b1000_0000, Profile.BASELINE),
    (0x4D, 0b1010_1111, 0b0000_0000, Profile.MAIN),
    (0x64, 0b1111_1111, 0b0000_0000, Profile.HIGH),
    (0x64, 0b1111_1111, 0b0000_1100, Profile.CONSTRAINED_HIGH),
    (0xF4, 0b1111_1111, 0b0000_0000, Profile.PREDICTIVE_HIGH_444),
)

# Level 1b is written as level 1.1 with the third constraint flag, which the profiles above High do not have.
_CONSTRAINT_SET_3: Final = 0x10
_LEVEL_1B_STRINGS: Final = {
    Profile.CONSTRAINED_BASELINE: "42f00b",
    Profile.BASELINE: "42100b",
    Profile.MAIN: "4d100b",
}

_SIX_DIGITS: Final = re.compile(r"[0-9a-fA-F]{6}")


def parse_profile_level_id(text: object) -> ProfileLevelId | None:
    """Parse six hexadecimal digits; return `None` if they are no known profile and level."""
    # The length is checked first so that the cache keeps nothing long.
    return _parse(text) if isinstance(text, str) and len(text) == 6 else None


@functools.lru_cache(maxsize=256)
def _parse(text: str) -> ProfileLevelId | None:
    if not _SIX_DIGITS.fullmatch(text):
        return None
    profile_idc, constraints, level = bytes.fromhex(text)
    if level not in _LEVELS:
        return None
    if level == 11 and constraints & _CONSTRAINT_SET_3:
        level = LEVEL_1B
    for idc, mask, value, profile in _PROFILES:
        if profile_idc == idc and constraints & mask == value:
            return ProfileLevelId(profile, level)
    return None


def format_profile_level_id(profile_level_id: ProfileLevelId) -> str | None:
    """Return the six hexadecimal digits; `None` for level 1b in a profile that lacks it."""
    profile, level = profile_level_id
    if level == LEVEL_1B:
        return _LEVEL_1B_STRINGS.get(profile)
    return f"{profile.value}{level:02x}"


def profile_level_id_of(parameters: Mapping[str, Any]) -> ProfileLevelId | None:
    """Return a codec's profile and level: the default if its parameters name none, `None` if they name no known one."""
    text = parameters.get("profile-level-id")
    return parse_profile_level_id(text) if text else DEFAULT


def is_same_profile(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two codecs have the same known profile, whatever their levels."""
    first = profile_level_id_of(one)
    second = profile_level_id_of(other)
    return first is not None and second is not None and first.profile is second.profile


def answer_profile_level_id(local: Mapping[str, Any], offered: Mapping[str, Any]) -> str | None:
    """Return the `profile-level-id` to answer an offer of the same profile with.

    The level is the lower of the two, or the local one if both sides allow them to differ.

    Args:
        local: Parameters of the local codec.
        offered: Parameters of the offered codec.

    Returns:
        The six hexadecimal digits; `None` if neither side names a profile, and for level 1b in a profile that lacks it.

    Raises:
        TypeError: A side names no known profile, or the profiles differ.
    """
    if not local.get("profile-level-id") and not offered.get("profile-level-id"):
        return None
    local_id = profile_level_id_of(local)
    offered_id = profile_level_id_of(offered)
    if local_id is None or offered_id is None or local_id.profile is not offered_id.profile:
        raise TypeError("H264 profiles are unknown or differ")
    if _allows_level_asymmetry(local) and _allows_level_asymmetry(offered):
        return format_profile_level_id(local_id)
    return format_profile_level_id(local_id if _is_lower(local_id.level, offered_id.level) else offered_id)


def _is_lower(level: int, other: int) -> bool:
    """Tell whether a level is lower than another.

    Level 1b, between 1 and 1.1, is compared as WebRTC's implementations do, so that all sides come to one answer:
    any other level but 1 counts as lower than it.
    """
    if level == LEVEL_1B:
        return other not in (10, LEVEL_1B)
    if other == LEVEL_1B:
        return level != 10
    return level < other


def _allows_level_asymmetry(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("level-asymmetry-allowed") in (1, "1")
