"""Invoices of a subscription; they decide nothing: whether a subscription is unpaid is delivered with it."""

from enum import StrEnum


class InvoiceState(StrEnum):
    """Where an invoice stands, as the ordering system says."""

    OPEN = "OPEN"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    VOID = "VOID"
