"""Encodings inside a text, undone: percent, HTML and backslash escapes, base64, hexadecimal, invisible characters.

A decoded text knows where each of its parts came from, so that what is found in it can be shown in the original.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from discretion.scenarios.forms.normal import origins

__all__ = ["Layer", "layers"]

_ROUNDS = 3
"""How often what was decoded is decoded again: base64 of percent-encoded text, and the like."""

_UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_FOREIGN_DIGITS = "\uff10-\uff19\u0660-\u0669\u06f0-\u06f9\u0966-\u096f"
_BYTE = "[0-9A-Fa-f]{2}"
_ESCAPE = re.compile(  # one set of characters first: the search skips to them
    rf"[%&\\{_UNSEEN}{_FOREIGN_DIGITS}](?:"
    rf"(?<=%){_BYTE}(?:%{_BYTE})*"
    r"|(?<=&)(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    rf"|(?<=\\)(?:u[0-9A-Fa-f]{{4}}|x{_BYTE}(?:\\x{_BYTE})*|[nrtbf\"'/\\])"
    rf"|(?<=[{_UNSEEN}{_FOREIGN_DIGITS}]))"
)
_ODD = re.compile(f"[{_UNSEEN}{_FOREIGN_DIGITS}]")
_SLASHED = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
_CLASSES = bytes(
    ord("A") if char.isupper() else ord("a") if char.isalnum() or char in "+/-_" else ord(" ")
    for char in (chr(code) if code < 128 else " " for code in range(256))
)
_LONG_LINE = 60
_TO_STANDARD = {ord("-"): "+", ord("_"): "/", ord("\n"): None, ord("\r"): None}
_HEX = re.compile(r"[2-7][0-9A-Fa-f](?:[ :-]?[0-9A-Fa-f]{2}){4,}")
"""The first byte of encoded text that matters here is ASCII, so a digit comes first."""


class _Piece(NamedTuple):
    """A part of a decoded text: where it begins there, and the part of the source that it stands for."""

    at: int
    start: int
    end: int
    copied: bool


class Layer:
    """A text, and the way back to the one that it was decoded from.

    Args:
        text: The text.
        source: What it was decoded from; `None` for the original.
        pieces: Its parts, in order, which together make up the text.
    """

    __slots__ = ("_origins", "_pieces", "_source", "_starts", "text")

    def __init__(self, text: str, source: Layer | None = None, pieces: list[_Piece] | None = None) -> None:
        self.text = text
        self._source = source
        self._pieces = pieces or []
        self._starts = [piece.at for piece in self._pieces]
        self._origins: list[int] | None = None

    @property
    def origins(self) -> list[int]:
        """Where each character of the squeezed text stands in the text."""
        if self._origins is None:
            self._origins = origins(self.text)
        return self._origins

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text behind characters `start..end`; of an escape, all of it."""
        if self._source is None:
            return start, end
        first = self._pieces[bisect_right(self._starts, start) - 1]
        last = self._pieces[bisect_right(self._starts, max(start, end - 1)) - 1]
        return self._source.origin(
            first.start + (start - first.at) if first.copied else first.start,
            last.start + (end - last.at) if last.copied else last.end,
        )


def layers(text: str) -> Iterator[Layer]:
    """Yield the text itself, and then what it reads as with its encodings undone, if it has any.

    >>> [layer.text for layer in layers("see bHVwdXMgZGlhZ25vc2lz &amp; 100%25")]
    ['see bHVwdXMgZGlhZ25vc2lz &amp; 100%25', 'see lupus diagnosis & 100%']
    """
    layer = Layer(text)
    yield layer
    for _ in range(_ROUNDS):
        found = _decoded(layer)
        if found is None:
            return
        layer = found
        yield layer


def _decoded(layer: Layer) -> Layer | None:
    text = layer.text
    changes: list[tuple[int, int, str]] = []
    if "%" in text or "&" in text or "\\" in text or (not text.isascii() and _ODD.search(text)):
        changes += [(match.start(), match.end(), _unescape(match[0])) for match in _ESCAPE.finditer(text)]
    changes += _blobs(text)
    if not changes:
        return None
    changes.sort()
    parts: list[str] = []
    pieces: list[_Piece] = []
    at = done = 0
    for start, end, plain in changes:
        if start < done:  # an escape inside a blob that was decoded whole
            continue
        if start > done:
            pieces.append(_Piece(at, done, start, copied=True))
            parts.append(text[done:start])
            at += start - done
        if plain:
            pieces.append(_Piece(at, start, end, copied=False))
            parts.append(plain)
            at += len(plain)
        done = end
    if done < len(text):
        pieces.append(_Piece(at, done, len(text), copied=True))
        parts.append(text[done:])
    return Layer("".join(parts), layer, pieces)


def _unescape(escape: str) -> str:
    kind, rest = escape[0], escape[1:]
    if kind == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if kind == "&":
        return html.unescape(escape)
    if kind != "\\":
        return str(unicodedata.decimal(kind)) if kind.isdecimal() else ""
    if rest[0] == "u":
        return chr(int(rest[1:], 16))
    if rest[0] == "x":
        return bytes.fromhex(escape.replace("\\x", "")).decode("utf-8", "replace")
    return _SLASHED.get(rest, rest)


def _blobs(text: str) -> Iterator[tuple[int, int, str]]:
    yield from _base64(text)
    for match in _HEX.finditer(text):
        start, end = match.span()
        if start >= 2 and text[start - 2 : start] == "0x":
            start -= 2
        alone = not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
        if alone and (plain := _readable(bytes.fromhex, _no_marks(match[0]))):
            yield start, end, plain


def _base64(text: str) -> Iterator[tuple[int, int, str]]:
    """Find base64 by what sets it apart from words: capitals inside a long run of letters."""
    classes = text.encode("latin-1", "replace").translate(_CLASSES).replace(b"AA", b"aA")
    at = 0
    while (inner := classes.find(b"aA", at)) >= 0:
        start = classes.rfind(b" ", 0, inner) + 1
        at = end = _run_end(classes, inner)
        while end - start >= _LONG_LINE and text[end : end + 1] == "\n" and _run_end(classes, end + 1) > end + 1:
            at = end = _run_end(classes, end + 1)  # base64 wrapped over lines
        encoded = text[start:end].translate(_TO_STANDARD)
        while text[end : end + 1] == "=":
            at = end = end + 1
        if len(encoded) >= 7 and not encoded.isupper() and (plain := _readable(_from_base64, encoded)):
            yield start, end, plain


def _from_base64(encoded: str) -> bytes:
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))


def _no_marks(encoded: str) -> str:
    return encoded.translate({ord(mark): None for mark in " :-"})


def _run_end(classes: bytes, at: int) -> int:
    end = classes.find(b" ", at)
    return end if end >= 0 else len(classes)


def _readable(decode: Callable[[str], bytes], encoded: str) -> str:
    """Return what was encoded if it is text, else nothing."""
    try:
        text = decode(encoded).decode()
    except ValueError:  # of which binascii.Error and UnicodeDecodeError are kinds
        return ""
    return text if all(char.isprintable() or char.isspace() for char in text) else ""
