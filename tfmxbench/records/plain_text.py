"""Makes text from somebody else, such as a results file's, safe to show in a terminal or on a page."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Text in one line, without characters that a terminal or a browser would obey.

    Runs of white space, line ends included, become single spaces. Three kinds of characters become U+FFFD:
    control characters, which can begin an escape sequence; characters that reverse the direction of
    writing; and unpaired surrogates, which no encoding can write.
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
