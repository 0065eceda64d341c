"""Text of another hand, such as a results file's, on its way to a terminal or to a page."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Text in one line, without characters that a terminal or a browser would obey.

    Blanks of every kind, ends of lines among them, become single spaces. Control characters, such as
    those that begin an escape sequence, characters that turn the direction of writing round, and halves
    of pairs, which no encoding can write, become U+FFFD.
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
