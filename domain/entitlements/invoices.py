"""Invoices of a subscription, for display only.

They decide no state: whether a subscription is unpaid is delivered with the subscription itself.
"""

from enum import StrEnum


class InvoiceState(StrEnum):
    """The payment state of an invoice, as the ordering system delivers it."""

    OPEN = "OPEN"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    VOID = "VOID"
