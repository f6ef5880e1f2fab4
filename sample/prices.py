"""The sample's prices of a license per month, in the currency of the customer's country."""

from decimal import Decimal

from sample.licenses import License

# In euro cents.
_MONTHLY_CENTS = {"MEETINGS": 1_250, "CALLING": 990, "MESSAGING": 320, "REAL_TIME_TRANSLATIONS": 640}
_MONTHLY_CENTS |= {"WEBINARS": 4_500, "EVENTS": 2_900, "CONTACT_CENTER": 7_500, "DEVICES": 1_500, "Vidcast": 450}
# The currency, the price of one euro in hundredths of it, and its number of decimals.
_EURO = ("EUR", 100, 2)
_CURRENCIES = {
    "US": ("USD", 115, 2),
    "GB": ("GBP", 85, 2),
    "CH": ("CHF", 95, 2),
    "SE": ("SEK", 1_100, 2),
    "NO": ("NOK", 1_150, 2),
    "DK": ("DKK", 745, 2),
    "PL": ("PLN", 430, 2),
    "CZ": ("CZK", 2_450, 2),
    "BR": ("BRL", 620, 2),
    "IN": ("INR", 9_800, 2),
    "UA": ("UAH", 4_700, 2),
    "TR": ("TRY", 4_500, 2),
    "CA": ("CAD", 160, 2),
    "JP": ("JPY", 17_000, 0),
    "KR": ("KRW", 160_000, 0),
}


class PriceList:
    """The prices for customers of one country; in euros if the country is unknown or has no currency here."""

    def __init__(self, country: object) -> None:
        self.currency, self._rate, self._decimals = _CURRENCIES.get(str(country), _EURO)

    def amount(self, licenses: tuple[License, ...], months: int) -> str:
        """Return the price of the licenses for a number of months as text; negative for returned licenses."""
        cents = sum(line.total * _MONTHLY_CENTS[line.product] for line in licenses) * months
        return f"{Decimal(cents * self._rate // 100).scaleb(-2):.{self._decimals}f}"
