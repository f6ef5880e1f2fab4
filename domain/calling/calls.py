"""Legs and calls: the classification of a leg, and the outcomes of queue calls.

A row of a calls report is a leg. The legs of one customer and week with the same Correlation ID are one call; a leg
without one is a call of its own. store/calling/pipelines.py groups them.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

# Raw calls are deleted after 100 days, at least 9 days after their week closes; the weekly sums stay.
RAW_CALL_RETENTION = timedelta(days=100)
# A leg with one of these values or a higher one is POOR.
POOR_LOSS_PERCENT, POOR_LATENCY_MS, POOR_JITTER_MS = 5.0, 400.0, 150.0
# The User UUID of a leg is a person only with one of these user types. Queues, hunt groups and workspaces have others.
PERSON_USER_TYPES = (None, "User")


class EndpointType(StrEnum):
    """The kind of device at the end of a leg."""

    DESK_PHONE = "DESK_PHONE"
    WEBEX_APP = "WEBEX_APP"
    ROOM_DEVICE = "ROOM_DEVICE"
    UNKNOWN = "UNKNOWN"


class CallFeature(StrEnum):
    """A service of the telephone system that handled a call."""

    CALL_QUEUE = "CALL_QUEUE"
    HUNT_GROUP = "HUNT_GROUP"
    AUTO_ATTENDANT = "AUTO_ATTENDANT"
    CALL_PARK = "CALL_PARK"
    CALL_PICKUP = "CALL_PICKUP"
    CALL_FORWARDING = "CALL_FORWARDING"
    CALL_TRANSFER = "CALL_TRANSFER"
    CALL_RECORDING = "CALL_RECORDING"
    VOICEMAIL = "VOICEMAIL"


class CallQuality(StrEnum):
    """The quality of a leg, judged on the measurements that it has; NOT_AVAILABLE without any.

    A call is POOR where one of its legs is, else GOOD where one of its legs was measured.
    """

    GOOD = "GOOD"
    POOR = "POOR"
    NOT_AVAILABLE = "NOT_AVAILABLE"


class QueueOutcome(StrEnum):
    """The end of a call's time in a queue."""

    ANSWERED = "ANSWERED"
    TRANSFERRED = "TRANSFERRED"
    ABANDONED = "ABANDONED"
    VOICEMAIL = "VOICEMAIL"
    OVERFLOWED = "OVERFLOWED"


# The outcomes that each figure of queue calls counts; every outcome counts as offered.
ANSWERED_OUTCOMES = (QueueOutcome.ANSWERED,)
TRANSFERRED_OUTCOMES = (QueueOutcome.TRANSFERRED, QueueOutcome.OVERFLOWED)
ABANDONED_OUTCOMES = (QueueOutcome.ABANDONED, QueueOutcome.VOICEMAIL)
TIME_TO_ANSWER_OUTCOMES = (QueueOutcome.ANSWERED, QueueOutcome.TRANSFERRED)
TIME_TO_ABANDON_OUTCOMES = (QueueOutcome.ABANDONED, QueueOutcome.VOICEMAIL)


_ROOM_MODELS = ("Room", "Board", "Desk Pro")
_ENDPOINTS = {
    "WXC_THIRD_PARTY": EndpointType.DESK_PHONE,
    "WXC_CLIENT": EndpointType.WEBEX_APP,
    "TEAMS_WXC_CLIENT": EndpointType.WEBEX_APP,
}
_REASONS = {
    CallFeature.CALL_QUEUE: ("CallQueue",),
    CallFeature.HUNT_GROUP: ("HuntGroup",),
    CallFeature.CALL_PARK: ("CallPark", "CallParkRetrieve"),
    CallFeature.CALL_PICKUP: ("CallPickup", "DirectedCallPickup"),
    CallFeature.CALL_FORWARDING: (
        *("CallForwardAlways", "CallForwardBusy", "CallForwardNoAnswer", "CallForwardNotReachable"),
        *("CallForwardSelective", "CallForwardModeBased", "Unconditional", "NoAnswer", "UserBusy", "Unavailable"),
        *("FollowMe", "TimeOfDay"),
    ),
    CallFeature.CALL_TRANSFER: ("ConsultativeTransfer", "Deflection"),
}
_FEATURE_OF_REASON = {reason: feature for feature, reasons in _REASONS.items() for reason in reasons}


def classify_endpoint(client_type: str | None, model: str | None) -> EndpointType:
    """Return the endpoint of a leg's client type and device model; UNKNOWN for any other client type."""
    if client_type == "WXC_DEVICE":
        return EndpointType.ROOM_DEVICE if (model or "").startswith(_ROOM_MODELS) else EndpointType.DESK_PHONE
    return _ENDPOINTS.get(client_type or "", EndpointType.UNKNOWN)


def classify_features(reasons: Iterable[str | None], user_type: str | None, recording: str | None) -> list[CallFeature]:
    """Return the distinct features of a leg, sorted by name; unknown reasons and user types have none."""
    features = {_FEATURE_OF_REASON[reason] for reason in reasons if reason in _FEATURE_OF_REASON}
    if user_type is not None and user_type.startswith("AutomatedAttendant"):
        features.add(CallFeature.AUTO_ATTENDANT)
    if user_type is not None and user_type.startswith("VoiceMail"):
        features.add(CallFeature.VOICEMAIL)
    if recording is not None:
        features.add(CallFeature.CALL_RECORDING)
    return sorted(features)
