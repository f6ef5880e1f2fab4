"""The sample's company names: each one once, and a Latin domain that goes with it."""

import re
import unicodedata
from dataclasses import dataclass
from math import gcd

from sample.locales import LOCALES, Locale
from sample.seeded_random import Dice

# Letters that Unicode does not take apart into a base letter and a mark.
_WHOLE_LETTERS = str.maketrans(
    {"ß": "ss", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae"}
    | {"þ": "th", "Þ": "th", "ð": "d", "ı": "i", "’": "", "'": ""}
)


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    country: str
    domain: str


def latin_label(text: str) -> str:
    """The text as a label of a host name: lower-case ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(_WHOLE_LETTERS)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _parts(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split("|"))
    return [(written, latin_label(latin or written)) for written, _, latin in pairs]


class _Deck:
    """All the names of one locale, dealt in an order that comes back to a name only after all the others."""

    def __init__(self, locale: Locale, offset: int) -> None:
        self._body = locale.body
        self._names = _parts(locale.names)
        self._industries = _parts(locale.industries)
        self._forms = locale.forms.split("|")
        self._size = len(self._names) * len(self._industries) * len(self._forms)
        self._step = self._coprime_step()
        self._offset = offset
        self._dealt = 0

    def _coprime_step(self) -> int:
        """About 0.618 of the deck, so that neighbours share no part."""
        step = self._size * 618 // 1000
        while gcd(step, self._size) != 1:
            step += 1
        return step

    def deal(self) -> tuple[str, str]:
        """A name and its Latin label."""
        rounds, place = divmod(self._dealt, self._size)
        self._dealt += 1
        rest, form = divmod((self._offset + place * self._step) % self._size, len(self._forms))
        name, industry = (
            self._names[rest % len(self._names)],
            self._industries[rest // len(self._names)],
        )
        body = self._body.format(name=name[0], industry=industry[0])
        number = f" {rounds + 1}" if rounds else ""
        return self._forms[form].format(body + number), f"{name[1]}-{industry[1]}"


class CompanyNames:
    """Deals companies; no two of one partner have the same name or the same domain."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        decks = [(locale, _Deck(locale, dice.between(0, 9_999))) for locale in LOCALES]
        self._table = [(pair, pair[0].weight) for pair in decks]
        self._labels: dict[str, int] = {}

    def deal(self) -> Company:
        locale, deck = self._dice.weighted(self._table)
        name, label = deck.deal()
        return Company(name, self._dice.weighted(locale.countries), self._domain(label))

    def _domain(self, label: str) -> str:
        seen = self._labels[label] = self._labels.get(label, 0) + 1
        # A label made here may not meet one that a company has by its own name: those never end in a number.
        return f"{label}.example" if seen == 1 else f"{label}-{seen}.example"
