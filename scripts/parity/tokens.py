"""Words of TypeScript declarations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

TokenKind = Literal["name", "string", "number", "symbol", "end"]

# The longest symbols come first. What is no word of a declaration (operators, regular expressions, …) matches nothing.
_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<line_comment>//[^\n]*)
    | (?P<comment>/\*.*?\*/)
    | (?P<name>[A-Za-z_$\#][\w$]*)
    | (?P<string>'(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*")
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<symbol>=>|\.\.\.|[{}()\[\]<>:;,.?|&=*])
    """,
    re.VERBOSE | re.DOTALL,
)


class DeclarationError(Exception):
    """A declaration that is not understood."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word.

    Attributes:
        kind: What it is.
        text: The word; a string without its quotes.
        where: File and line.
        comment: The comment right before it, or nothing.
    """

    kind: TokenKind
    text: str
    where: str
    comment: str


def tokenize(source: str, name: str) -> list[Token]:
    """Split a declaration file into words; the last one has kind `end`.

    Raises:
        DeclarationError: It has a character that no declaration here should have.
    """
    tokens: list[Token] = []
    position = 0
    line = 1
    comment = ""
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise DeclarationError(f"{name}:{line}: unexpected character {source[position]!r}")
        text = match[0]
        if match.lastgroup == "comment":
            comment = text
        elif match.lastgroup not in ("space", "line_comment"):
            kind = cast("TokenKind", match.lastgroup)
            tokens.append(Token(kind, text[1:-1] if kind == "string" else text, f"{name}:{line}", comment))
            comment = ""
        line += text.count("\n")
        position = match.end()
    tokens.append(Token("end", "", f"{name}:{line}", comment))
    return tokens
