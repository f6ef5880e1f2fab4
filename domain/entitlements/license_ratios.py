"""What follows from the figures of a licence line, whoever holds them."""

from domain.ratios import percent


class LicenseRatios:
    """A line's remainder and percentages; whoever holds total, assigned and used takes them from here."""

    __slots__ = ()
    total: int
    assigned: int
    used: int

    @property
    def available(self) -> int:
        """What is left to assign."""
        return max(0, self.total - self.assigned)

    @property
    def assigned_percent(self) -> float | None:
        """Assigned in percent of the total."""
        return percent(self.assigned, self.total)

    @property
    def used_percent(self) -> float | None:
        """Used in percent of the total."""
        return percent(self.used, self.total)
