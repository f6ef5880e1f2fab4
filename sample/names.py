"""The sample's company names, all different, each with a domain in Latin letters."""

import re
import unicodedata
from math import gcd

from msgspec import Struct

from sample.locales import LOCALES, Locale
from sample.seeded_random import SeededRandom

# Letters that Unicode does not decompose into a base letter and a mark.
_TRANSLITERATIONS = str.maketrans(
    {"ß": "ss", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae"}
    | {"þ": "th", "Þ": "th", "ð": "d", "ı": "i", "’": "", "'": ""}
)


class Company(Struct, frozen=True):
    name: str
    country: str
    domain: str


def domain_label(text: str) -> str:
    """Return the text as a label of a host name: lower-case ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(_TRANSLITERATIONS)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _parse_parts(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split("|"))
    return [(written, domain_label(latin or written)) for written, _, latin in pairs]


class _NameSequence:
    """All names of one locale in a scattered order; after the last name they repeat with a number."""

    def __init__(self, locale: Locale, offset: int) -> None:
        self._name_template = locale.name_template
        self._names = _parse_parts(locale.names)
        self._industries = _parse_parts(locale.industries)
        self._legal_forms = locale.legal_forms.split("|")
        self._size = len(self._names) * len(self._industries) * len(self._legal_forms)
        self._step = self._coprime_step()
        self._offset = offset
        self._position = 0

    def _coprime_step(self) -> int:
        """Return a step of about 0.618 of the size, coprime to it, so that successive names have no part in common."""
        step = self._size * 618 // 1000
        while gcd(step, self._size) != 1:
            step += 1
        return step

    def next_name(self) -> tuple[str, str]:
        """Return the next name and its label in Latin letters."""
        rounds, index = divmod(self._position, self._size)
        self._position += 1
        rest, form = divmod((self._offset + index * self._step) % self._size, len(self._legal_forms))
        name, industry = (
            self._names[rest % len(self._names)],
            self._industries[rest // len(self._names)],
        )
        body = self._name_template.format(name=name[0], industry=industry[0])
        number = f" {rounds + 1}" if rounds else ""
        return self._legal_forms[form].format(body + number), f"{name[1]}-{industry[1]}"


class CompanyNames:
    """Draws companies; no two of them have the same name or domain."""

    def __init__(self, rng: SeededRandom) -> None:
        self._rng = rng
        sequences = [(locale, _NameSequence(locale, rng.randint(0, 9_999))) for locale in LOCALES]
        self._weighted_locales = [(pair, pair[0].weight) for pair in sequences]
        self._label_counts: dict[str, int] = {}

    def next_company(self) -> Company:
        locale, sequence = self._rng.weighted_choice(self._weighted_locales)
        name, label = sequence.next_name()
        return Company(name, self._rng.weighted_choice(locale.countries), self._unique_domain(label))

    def _unique_domain(self, label: str) -> str:
        count = self._label_counts[label] = self._label_counts.get(label, 0) + 1
        # A numbered label cannot equal another company's own label, because those never end in a number.
        return f"{label}.example" if count == 1 else f"{label}-{count}.example"
