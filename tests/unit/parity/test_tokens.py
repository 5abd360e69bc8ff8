from __future__ import annotations

import pytest

from parity.tokens import DeclarationError, tokenize


def test_words_are_split_and_comments_kept_beside_them() -> None:
    """Names, strings, numbers and symbols are words; a comment belongs to the word after it."""
    tokens = tokenize("/** Doc. */ export type A = 'x-y' | 12; // end", "a.d.ts")
    assert [(token.kind, token.text) for token in tokens] == [
        ("name", "export"),
        ("name", "type"),
        ("name", "A"),
        ("symbol", "="),
        ("string", "x-y"),
        ("symbol", "|"),
        ("number", "12"),
        ("symbol", ";"),
        ("end", ""),
    ]
    assert tokens[0].comment == "/** Doc. */"
    assert tokens[1].comment == ""


def test_words_know_their_line() -> None:
    """A word says its file and line, also after comments of several lines."""
    tokens = tokenize("a\n/*\n*/\nb", "a.d.ts")
    assert [token.where for token in tokens[:2]] == ["a.d.ts:1", "a.d.ts:4"]


@pytest.mark.parametrize("source", ["a @b", "`x`", "a + b", "'open", "/* open"])
def test_what_is_no_declaration_is_refused(source: str) -> None:
    """Characters that declarations do not have are errors, with their place."""
    with pytest.raises(DeclarationError, match=r"a\.d\.ts:1"):
        tokenize(source, "a.d.ts")
