"""The descriptions of calling engagement's enumerations and of their values."""

from collections.abc import Mapping
from enum import StrEnum

from domain.calling.calls import CallFeature, EndpointType
from domain.calling.table_orders import CallingUsageOrderField, CallQualityOrderField, CallQueueOrderField

CALLING_ENUM_DESCRIPTIONS: Mapping[type[StrEnum], tuple[str, Mapping[str, str]]] = {
    CallFeature: (
        "A service of the telephone system that handled a call.",
        {
            "CALL_QUEUE": "The call was in a call queue.",
            "HUNT_GROUP": "The call went to a hunt group.",
            "AUTO_ATTENDANT": "An auto attendant answered the call.",
            "CALL_PARK": "The call was parked or retrieved.",
            "CALL_PICKUP": "A user picked up a call that rang for another user.",
            "CALL_FORWARDING": "The call was forwarded.",
            "CALL_TRANSFER": "The call was transferred.",
            "CALL_RECORDING": "The call was recorded.",
            "VOICEMAIL": "Voicemail answered the call.",
        },
    ),
    CallQualityOrderField: (
        "The sort key of the quality table. Ties are ordered by name, then by id; nulls come last in both directions.",
        {
            "CUSTOMER_NAME": "The customer's name.",
            "POOR": "The number of poor calls.",
            "POOR_PERCENT": "The percentage of poor calls.",
        },
    ),
    CallingUsageOrderField: (
        "The sort key of the usage table. Ties are ordered by name, then by id; nulls come last in both directions.",
        {
            "CUSTOMER_NAME": "The customer's name.",
            "ACTIVE_USERS": "The number of users with a call.",
            "CALLS": "The number of calls.",
            "WEEKLY_CHANGE_PERCENT": "The change in calls against the week before.",
        },
    ),
    CallQueueOrderField: (
        "The sort key of the queue table. Ties are ordered by name, then by id; nulls come last in both directions.",
        {
            "CUSTOMER_NAME": "The customer's name.",
            "OFFERED": "The number of calls that entered a queue.",
            "ABANDONED_PERCENT": "The percentage of abandoned calls.",
            "SECONDS_TO_ANSWER": "The average time until an agent answered, or until the call moved to another queue.",
        },
    ),
    EndpointType: (
        "The kind of device or application that made or took a call.",
        {
            "DESK_PHONE": "A desk phone.",
            "WEBEX_APP": "The application on a computer or mobile phone.",
            "ROOM_DEVICE": "A device of a meeting room.",
            "UNKNOWN": "Any other endpoint.",
        },
    ),
}
