"""The codes of countries and currencies that ISO assigns today; read from pycountry at the first use."""

from functools import cache


@cache
def country_codes() -> frozenset[str]:
    """Return the officially assigned ISO 3166-1 alpha-2 codes: neither reserved (UK, EU) nor user-assigned (XK, ZZ)."""
    # Imported here: a server that reads no country pays neither the time nor the memory.
    import pycountry

    return frozenset(str(country.alpha_2) for country in pycountry.countries)


@cache
def currency_codes() -> frozenset[str]:
    """Return the ISO 4217 codes in use, including funds and precious metals; withdrawn codes are not among them."""
    import pycountry

    return frozenset(str(currency.alpha_3) for currency in pycountry.currencies)


def parse_country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code in upper case; None where there is no such country."""
    return _find_code(text, country_codes())


def parse_currency_code(text: str) -> str | None:
    """Return the ISO 4217 code in upper case; None where there is no such currency."""
    return _find_code(text, currency_codes())


def _find_code(text: str, codes: frozenset[str]) -> str | None:
    code = text.strip()
    # Other letters can have ASCII letters as their capitals: `ß` is no South Sudan.
    return code.upper() if code.isascii() and code.upper() in codes else None
