"""The catalogues: every text of the source has a translation with the same arguments, and none is left over."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from domain.languages.catalogues import FOLDER, load_catalogue
from domain.languages.languages import Language
from tests.server_process import ROOT

CATALOGUES = {language: FOLDER / f"{language.replace('-', '_')}.po" for language in Language if language != "en"}
BUILDERS = {"translatable": 1, "translatable_plural": 2}
Texts = tuple[str, ...]


def builder_calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILDERS:
            yield node


@cache
def source_texts() -> dict[Texts, str]:
    """The texts of all messages: one, or the two forms of a plural. A text that is no literal has no value here."""
    texts: dict[Texts, str] = {}
    packages = ("domain", "store", "jobs", "loaders", "resolvers", "schema", "server")
    for path in sorted(path for package in packages for path in (ROOT / package).rglob("*.py")):
        for call in builder_calls(path):
            values = [ast.literal_eval(argument) for argument in call.args[: BUILDERS[call.func.id]]]  # type: ignore[attr-defined]
            texts[tuple(values)] = f"{path.relative_to(ROOT)}:{call.lineno}"
    return texts


def catalogue_texts(language: Language) -> dict[Texts, Texts]:
    """The translations of a catalogue by their texts."""
    with CATALOGUES[language].open("rb") as file:
        catalogue: Catalog = read_po(file)
    as_texts = {message.id: message.string for message in catalogue if message.id}
    return {_texts(key): _texts(value) for key, value in as_texts.items()}


def _texts(value: object) -> Texts:
    return tuple(value) if isinstance(value, (tuple, list)) else (str(value),)


def arguments(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_of_the_source_is_translated_and_no_other_is(language: Language) -> None:
    translated = {texts for texts, translations in catalogue_texts(language).items() if all(translations)}
    missing = {place: texts for texts, place in source_texts().items() if texts not in translated}
    assert missing == {}, "run `make messages` and translate them"
    assert catalogue_texts(language).keys() - source_texts().keys() == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_arguments_of_its_text(language: Language) -> None:
    for texts, translations in catalogue_texts(language).items():
        for translation in translations:
            assert arguments(translation) == arguments(texts[-1]), translation


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_plural_has_every_form_of_its_language(language: Language) -> None:
    forms = {load_catalogue(language).ngettext("{n}", "{n}s", count) for count in range(200)}
    assert forms == {"{n}", "{n}s"}
    counts = {len(translations) for texts, translations in catalogue_texts(language).items() if len(texts) == 2}
    assert counts == {3}


def test_the_texts_of_all_builders_have_names_for_their_arguments() -> None:
    for texts in source_texts():
        assert all(name and name.isidentifier() for text in texts for name in arguments(text)), texts
        assert len({frozenset(arguments(text)) for text in texts}) == 1, texts
