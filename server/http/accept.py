"""What a client prefers of the media types and encodings on offer (RFC 9110, sections 12.5.1 and 12.5.3)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
# The rest of a longer header is ignored: browsers send fewer than 200 characters.
_MAX_LENGTH = 1_000


class MediaRange(NamedTuple):
    """One entry of the header; `position` is its place in the header, from 0."""

    type: str
    subtype: str
    quality: float
    position: int

    @property
    def specificity(self) -> int:
        """0 for `*/*`, 1 for `text/*`, 2 for `text/html`."""
        return (self.type != "*") + (self.subtype != "*")

    def matches(self, media_type: str) -> bool:
        """Return whether the range includes the media type."""
        type_, _, subtype = media_type.partition("/")
        return self.type in {"*", type_} and self.subtype in {"*", subtype}


def preferred_media_type(header: str | None, offered: Sequence[str]) -> str | None:
    """Return the media type of `offered` with the highest quality; the first where the client states no preference.

    The most specific range that matches decides a media type's quality; 0 excludes it. Among equal qualities, the more
    specific range wins, then the one that stands first in the header, then the order of `offered`. None where nothing
    on offer is acceptable.
    """
    if not header or not header.strip():
        return offered[0]
    ranges = parse_accept(header[:_MAX_LENGTH])
    ranked = [
        ((decisive.quality, decisive.specificity, -decisive.position), media_type)
        for media_type in offered
        if (decisive := _decisive_range(ranges, media_type)) is not None and decisive.quality > 0
    ]
    return max(ranked, key=lambda entry: entry[0])[1] if ranked else None


def preferred_encoding(header: str, offered: Sequence[str]) -> str | None:
    """Return the encoding of `offered` with the highest quality, the first of equals; None for no encoding."""
    qualities: dict[str, float] = {}
    for entry in header[:_MAX_LENGTH].lower().split(","):
        name, *parameters = entry.split(";")
        qualities.setdefault(name.strip().removeprefix("x-"), _parse_quality(parameters))
    others = qualities.get("*", 0.0)
    best = max(offered, key=lambda name: qualities.get(name, others))
    quality = qualities.get(best, others)
    return best if quality > 0 and quality >= qualities.get("identity", 0.0) else None


def parse_accept(header: str) -> list[MediaRange]:
    """Return the ranges of an Accept header, without entries that are no media ranges."""
    entries = (_parse_entry(entry, position) for position, entry in enumerate(header.split(",")))
    return [entry for entry in entries if entry is not None]


def _parse_entry(entry: str, position: int) -> MediaRange | None:
    media_range, *parameters = entry.lower().split(";")
    type_, separator, subtype = media_range.strip().partition("/")
    if not separator or not type_ or not subtype or (type_ == "*" and subtype != "*"):
        return None
    return MediaRange(type_, subtype, _parse_quality(parameters), position)


def _parse_quality(parameters: Sequence[str]) -> float:
    # Other parameters, such as a charset, do not distinguish what this server offers.
    weights = (value.strip() for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "q")
    weight = next(weights, "1")
    # An invalid weight states no preference.
    return float(weight) if _QUALITY.fullmatch(weight) else 1.0


def _decisive_range(ranges: Sequence[MediaRange], media_type: str) -> MediaRange | None:
    """Return the most specific range that matches; the first of several."""
    return max((r for r in ranges if r.matches(media_type)), key=lambda r: r.specificity, default=None)
