"""Splits the body of the call history API, `{"items": [{…}, {…}]}`, into the elements of `items`."""

import re
from collections.abc import Iterator

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.records import BOM, RawLine

_EXCERPT_BYTES = 1000
_ITEMS_KEY = re.compile(rb'\s*"items"\s*:\s*')
# What has no meaning for the nesting: other bytes, and whole strings. Commas separate only the elements.
_BETWEEN_ELEMENTS = re.compile(rb'(?:[^",{}\[\]]|"(?:[^"\\]|\\.)*+")*+', re.DOTALL)
_WITHIN_ELEMENT = re.compile(rb'(?:[^"{}\[\]]|"(?:[^"\\]|\\.)*+")*+', re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]|\\.)*+', re.DOTALL)
_BODY, _ELEMENTS = 1, 2


class _NestingScanner:
    """Finds brackets and separating commas in the chunks of JSON, with the state of an unfinished string."""

    def __init__(self) -> None:
        self.depth = 0
        self._is_in_string = self._is_escaped = False

    def marks(self, chunk: bytes) -> Iterator[int]:
        """Yield the positions of the marks; the caller enters each mark before it continues."""
        position = 0
        while position < len(chunk):
            if self._is_escaped:
                self._is_escaped = False
            elif self._is_in_string:
                position = self._skip(_REST_OF_STRING, chunk, position)
                self._is_escaped = chunk[position : position + 1] == b"\\"
                self._is_in_string = self._is_escaped or position == len(chunk)
            else:
                position = self._skip(_WITHIN_ELEMENT if self.depth > _ELEMENTS else _BETWEEN_ELEMENTS, chunk, position)
                self._is_in_string = chunk[position : position + 1] == b'"'
                if position < len(chunk) and not self._is_in_string:
                    yield position
            position += 1

    def enter(self, mark: bytes) -> None:
        """Set the depth behind the mark."""
        self.depth = max(0, self.depth + (mark in b"{[") - (mark in b"}]"))

    @staticmethod
    def _skip(pattern: re.Pattern[bytes], chunk: bytes, position: int) -> int:
        match = pattern.match(chunk, position)
        return position if match is None else match.end()


class ItemsSplitter:
    """Yields each element as a line, numbered by its position in the stream; bodies can follow each other.

    It buffers at most one element, and only the first 1,000 bytes of one that is too long. What is no body, or is cut
    off, is yielded too, so that its reader rejects it.
    """

    def __init__(self) -> None:
        self._scanner = _NestingScanner()
        self._has_items = self._is_in_items = False
        self._number = self._size = 0
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        """Yield the elements that the chunk completes."""
        start = 0
        for position in self._scanner.marks(chunk):
            self._buffer_piece(chunk[start:position])
            start = position + 1
            yield from self._read_mark(chunk[position : position + 1])
            self._scanner.enter(chunk[position : position + 1])
        self._buffer_piece(chunk[start:])

    def end(self) -> Iterator[RawLine]:
        """Yield what is left where the last body is cut off."""
        yield from self._take_element()
        if self._scanner.depth in (_BODY, _ELEMENTS):
            yield self._take(b"{")

    def _read_mark(self, mark: bytes) -> Iterator[RawLine]:
        depth = self._scanner.depth
        if depth == 0:
            yield from self._take_element()
            self._has_items = False
            if mark != b"{":
                yield self._take(mark)
        elif depth == _BODY:
            yield from self._read_body_mark(mark)
        elif self._is_in_items and (depth > _ELEMENTS or mark in b"{["):
            self._buffer_piece(mark)
        elif self._is_in_items:
            yield from self._take_element()
            self._is_in_items = mark == b","
            if mark == b"}":
                yield self._take(mark)

    def _read_body_mark(self, mark: bytes) -> Iterator[RawLine]:
        self._is_in_items = mark == b"[" and _ITEMS_KEY.fullmatch(bytes(self._buffer)) is not None
        self._has_items |= self._is_in_items
        self._clear()
        if mark in b"}]" and not self._has_items:
            yield self._take(b"{}")

    def _buffer_piece(self, piece: bytes) -> None:
        if self._is_in_items or self._scanner.depth <= _BODY:
            self._size += len(piece)
            self._buffer += piece
            if self._size > MAX_RECORD_BYTES:
                del self._buffer[_EXCERPT_BYTES:]

    def _take_element(self) -> Iterator[RawLine]:
        element, is_whole = bytes(self._buffer).strip().removeprefix(BOM).strip(), self._size <= MAX_RECORD_BYTES
        self._clear()
        if element or not is_whole:
            yield self._take(element, is_whole=is_whole)

    def _take(self, raw: bytes, *, is_whole: bool = True) -> RawLine:
        self._number += 1
        return RawLine(self._number, raw, is_whole)

    def _clear(self) -> None:
        self._buffer.clear()
        self._size = 0
