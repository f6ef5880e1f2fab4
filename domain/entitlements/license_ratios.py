"""Figures that are derived from the total, assigned and used licences of a line."""

from domain.ratios import percent


class LicenseRatios:
    """Mixin: the percentages of a class that has `total`, `assigned` and `used`."""

    __slots__ = ()
    total: int
    assigned: int
    used: int

    @property
    def assigned_percent(self) -> float | None:
        """Return the assigned licences in percent of the total."""
        return percent(self.assigned, self.total)

    @property
    def used_percent(self) -> float | None:
        """Return the used licences in percent of the total."""
        return percent(self.used, self.total)
