"""Little text, the format of a post's commentary (contract linkedin 1.5): what was sent, what a reader sees, what a GET returns.

Reserved characters stand for themselves only behind a backslash. An unescaped one that is no mention and no hashtag raises no error:
what a reader sees ends there. Nothing here knows who exists; names are looked up by the caller's function.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

RESERVED = frozenset("|{}@[]()<>#\\*_~")
ESCAPED = r"(?:[^\\\[\]()|{}]|\\.)"
MENTION = re.compile(rf"@\[({ESCAPED}+)\]\((urn:li:\w+:[\w-]+)\)", re.DOTALL)
HASHTAG = re.compile(r"#([^\W_]+)")
TEMPLATE = re.compile(rf"\{{hashtag\|\\?#\|({ESCAPED}+)\}}", re.DOTALL)

Names = Callable[[str], frozenset[str]]
"""URN to the names by which it may be mentioned; none for one that does not exist."""


@dataclass(frozen=True)
class Little:
    """`visible` is what a reader sees, `rendered` what would be seen without the cut, `canonical` what a GET returns."""

    visible: str
    rendered: str
    canonical: str
    cut: bool
    mentions: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    shown: str
    read_back: str
    mention: str | None = None
    hashtag: str | None = None


def read(text: str, names: Names, *, keep_cut: bool = False) -> Little:
    """With `keep_cut` a GET returns also what a reader does not see."""
    pieces, end = pieces_of(text, names)
    seen = pieces if end is None else pieces[:end]
    return Little(
        visible="".join(p.shown for p in seen),
        rendered="".join(p.shown for p in pieces),
        canonical="".join(p.read_back for p in (pieces if keep_cut else seen)),
        cut=end is not None,
        mentions=tuple(p.mention for p in seen if p.mention),
        hashtags=tuple(p.hashtag for p in seen if p.hashtag),
    )


def pieces_of(text: str, names: Names) -> tuple[list[Piece], int | None]:
    """All pieces, and the number of the first one that nobody sees."""
    pieces: list[Piece] = []
    end: int | None = None
    at = 0
    while at < len(text):
        piece, length = special(text, at, names) or escaped(text, at) or (None, 1)
        if piece is None:
            letter = text[at]
            if letter in RESERVED and end is None:
                end = len(pieces)
            piece = Piece(letter, letter)
        pieces.append(piece)
        at += length
    return pieces, end


def escaped(text: str, at: int) -> tuple[Piece, int] | None:
    """A backslash before a reserved character. Before any other it is itself one that nobody escaped."""
    following = text[at + 1 : at + 2]
    return (Piece(following, "\\" + following), 2) if text[at] == "\\" and following in RESERVED and following else None


def special(text: str, at: int, names: Names) -> tuple[Piece, int] | None:
    if found := MENTION.match(text, at):
        name, urn = plain(found[1]), found[2]
        if name in names(urn):
            return Piece(name, found[0], mention=urn), len(found[0])
        return Piece(name, escape(name)), len(found[0])
    if found := HASHTAG.match(text, at) or TEMPLATE.match(text, at):
        tag = plain(found[1])
        return Piece(f"#{tag}", f"{{hashtag|\\#|{escape(tag)}}}", hashtag=tag), len(found[0])
    return None


def plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def escape(text: str) -> str:
    return "".join("\\" + letter if letter in RESERVED else letter for letter in text)


def length(text: str, unit: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if unit == "utf16" else len(text)
