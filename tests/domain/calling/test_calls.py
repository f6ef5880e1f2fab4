"""What a call's record says: endpoint, features and quality, by the tables of the domain rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calling.calls import (
    CallFeature,
    EndpointType,
    classify_endpoint,
    classify_features,
)

REASONS = {
    "CallQueue": "CALL_QUEUE",
    "HuntGroup": "HUNT_GROUP",
    "CallPark": "CALL_PARK",
    "CallParkRetrieve": "CALL_PARK",
    "CallPickup": "CALL_PICKUP",
    "DirectedCallPickup": "CALL_PICKUP",
    "CallForwardAlways": "CALL_FORWARDING",
    "CallForwardBusy": "CALL_FORWARDING",
    "CallForwardNoAnswer": "CALL_FORWARDING",
    "CallForwardNotReachable": "CALL_FORWARDING",
    "CallForwardSelective": "CALL_FORWARDING",
    "CallForwardModeBased": "CALL_FORWARDING",
    "Unconditional": "CALL_FORWARDING",
    "NoAnswer": "CALL_FORWARDING",
    "UserBusy": "CALL_FORWARDING",
    "Unavailable": "CALL_FORWARDING",
    "FollowMe": "CALL_FORWARDING",
    "TimeOfDay": "CALL_FORWARDING",
    "ConsultativeTransfer": "CALL_TRANSFER",
    "Deflection": "CALL_TRANSFER",
}
MEASUREMENTS = st.none() | st.floats(0, 1000)


@pytest.mark.parametrize(
    ("client_type", "model", "endpoint"),
    [
        ("WXC_DEVICE", "Room Kit Pro", "ROOM_DEVICE"),
        ("WXC_DEVICE", "Board 70", "ROOM_DEVICE"),
        ("WXC_DEVICE", "Desk Pro", "ROOM_DEVICE"),
        ("WXC_DEVICE", "Desk Phone 9871", "DESK_PHONE"),
        ("WXC_DEVICE", "8845", "DESK_PHONE"),
        ("WXC_DEVICE", None, "DESK_PHONE"),
        ("WXC_THIRD_PARTY", "Room Kit", "DESK_PHONE"),
        ("WXC_CLIENT", None, "WEBEX_APP"),
        ("TEAMS_WXC_CLIENT", "Board", "WEBEX_APP"),
        ("SIP", None, "UNKNOWN"),
        ("wxc_client", None, "UNKNOWN"),
        (None, "Room Kit", "UNKNOWN"),
    ],
)
def test_the_endpoint_follows_from_client_type_and_model(
    client_type: str | None, model: str | None, endpoint: str
) -> None:
    assert classify_endpoint(client_type, model) == EndpointType(endpoint)


@pytest.mark.parametrize(("reason", "feature"), REASONS.items())
def test_each_reason_stands_for_its_feature_in_any_of_the_three_columns(reason: str, feature: str) -> None:
    for place in range(3):
        reasons = [reason if place == number else None for number in range(3)]
        assert classify_features(reasons, None, None) == [feature]


def test_user_type_and_recording_tell_features_too() -> None:
    assert classify_features([], "AutomatedAttendantVideo", None) == ["AUTO_ATTENDANT"]
    assert classify_features([], "VoiceMailRetrieval", None) == ["VOICEMAIL"]
    assert classify_features([], "User", "failed") == ["CALL_RECORDING"]
    assert classify_features(["Unrecognised", "callqueue", ""], "User", None) == []


@given(st.lists(st.sampled_from(sorted(REASONS)), max_size=3), st.sampled_from([None, "VoiceMailGroup", "User"]))
def test_each_feature_is_told_once_and_in_order(reasons: list[str], user_type: str | None) -> None:
    found = classify_features(reasons, user_type, None)
    assert found == sorted(set(found))
    wanted = {REASONS[reason] for reason in reasons} | ({"VOICEMAIL"} if user_type == "VoiceMailGroup" else set())
    assert set(found) == {CallFeature(name) for name in wanted}
