"""The sentence of a status's reason, for each code and type of entitlement: languages inflect the two differently."""

from collections.abc import Callable, Mapping

from domain.customers.reasons import StatusReason, StatusReasonCode, license_label
from domain.messages import Argument, Message, translatable, translatable_plural
from domain.types import SubscriptionType

_C, _T = StatusReasonCode, SubscriptionType


def reason_message(reason: StatusReason) -> Message:
    """Return the sentence: `Subscription SUB-1042 ends on 2026-12-04, and 1 more`."""
    sentence = _BUILDERS[reason.code, reason.type](reason)
    if not reason.others:
        return sentence
    return translatable("{sentence}, and {others} more", sentence=sentence, others=reason.others)


def _with_arguments(message: Message) -> Callable[[StatusReason], Message]:
    """Return a builder of the message with the reason's arguments `number` and `on`."""

    def build(reason: StatusReason) -> Message:
        arguments: dict[str, Argument] = {"number": reason.number or ""}
        return Message(message.text, arguments if reason.on is None else {**arguments, "on": reason.on})

    return build


def _subscription_exceeded(reason: StatusReason) -> Message:
    return translatable_plural(
        "Subscription {number} has {count} {product} license assigned and {ordered} ordered",
        "Subscription {number} has {count} {product} licenses assigned and {ordered} ordered",
        reason.assigned or 0,
        **_line_arguments(reason),
    )


def _trial_exceeded(reason: StatusReason) -> Message:
    return translatable_plural(
        "Trial {number} has {count} {product} license assigned and {ordered} ordered",
        "Trial {number} has {count} {product} licenses assigned and {ordered} ordered",
        reason.assigned or 0,
        **_line_arguments(reason),
    )


def _suspended(reason: StatusReason) -> Message:
    if reason.invoice is None:
        return translatable("Subscription {number} is suspended", number=reason.number or "")
    return translatable(
        "Subscription {number} is suspended: invoice {invoice} is overdue",
        number=reason.number or "",
        invoice=reason.invoice,
    )


def _line_arguments(reason: StatusReason) -> dict[str, Argument]:
    product = "" if reason.product is None else license_label(reason.product, reason.name)
    return {"number": reason.number or "", "product": product, "ordered": reason.ordered or 0}


_SENTENCES: Mapping[tuple[StatusReasonCode, SubscriptionType | None], Message] = {
    (_C.EXPIRES, _T.SUBSCRIPTION): translatable("Subscription {number} ends on {on}"),
    (_C.EXPIRES, _T.TRIAL): translatable("Trial {number} ends on {on}"),
    (_C.RENEWS, _T.SUBSCRIPTION): translatable("Subscription {number} renews on {on}"),
    (_C.EXPIRED, _T.SUBSCRIPTION): translatable("Subscription {number} ended on {on}"),
    (_C.EXPIRED, _T.TRIAL): translatable("Trial {number} ended on {on}"),
    (_C.CANCELLED, _T.SUBSCRIPTION): translatable("Subscription {number} was cancelled on {on}"),
    (_C.CANCELLED, _T.TRIAL): translatable("Trial {number} was cancelled on {on}"),
    (_C.READY_FOR_SETUP, _T.SUBSCRIPTION): translatable("Subscription {number} is ready to be set up"),
    (_C.NO_SIGN_IN_SINCE, None): translatable("No administrator has signed in since {on}"),
    (_C.NEVER_SIGNED_IN, None): translatable("No administrator has signed in since the customer was added on {on}"),
}
_BUILDERS: Mapping[tuple[StatusReasonCode, SubscriptionType | None], Callable[[StatusReason], Message]] = {
    **{key: _with_arguments(message) for key, message in _SENTENCES.items()},
    (_C.SUSPENDED, _T.SUBSCRIPTION): _suspended,
    (_C.LICENSES_EXCEEDED, _T.SUBSCRIPTION): _subscription_exceeded,
    (_C.LICENSES_EXCEEDED, _T.TRIAL): _trial_exceeded,
}
