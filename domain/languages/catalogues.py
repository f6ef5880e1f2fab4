"""The catalogues of translations: the .po files beside this module, read once.

`make messages` brings them up to date with the texts of the source. They are not compiled: parsing one takes some
milliseconds, once for each process.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from domain.languages.languages import Language

FOLDER = Path(__file__).parent


@cache
def load_catalogue(language: Language) -> NullTranslations:
    """Return the translations into a language; English needs none, because the keys are English."""
    if language is Language.ENGLISH:
        return NullTranslations()
    # A process that only renders English, as most commands and many servers do, needs no parser of catalogues.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (FOLDER / f"{language.replace('-', '_')}.po").open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return GNUTranslations(compiled)
