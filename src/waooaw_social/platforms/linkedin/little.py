"""Little text, the format of a commentary (contract linkedin_whatsapp 1.5): written so that a reader sees every letter, and read back.

An unescaped reserved character raises no error: the visible post just ends there. So everything is escaped but what is certainly meant:
`@[Name](urn:li:organization:1)`, and a hashtag of letters and digits that stands by itself. What is in doubt is escaped, and still shows.
"""

import re
import unicodedata

RESERVED = re.compile(r"[|{}@\[\]()<>#\\*_~]")
MENTION = r"@\[(?P<name>[^\[\]\r\n]{1,200})\]\((?P<urn>urn:li:(?:organization|person):[A-Za-z0-9_-]{1,64})\)"
# Not within a word or an address, with a letter in it, and not followed by what might or might not belong to it.
HASHTAG = r"(?<![^\s(\[{\"'“‘«¡¿,;])#(?P<tag>[^\W_]*[^\W\d_][^\W_]*)(?![\w#@\\*~|<>{\[])"
MEANT = re.compile(f"{MENTION}|{HASHTAG}")

_ESCAPED = r"(?:[^\\\[\]()|{}]|\\.)"
READ = re.compile(
    rf"\{{hashtag\|\\?#\|(?P<tag>{_ESCAPED}+)\}}|@\[(?P<name>{_ESCAPED}+)\]\(urn:li:\w+:[\w-]+\)|\\(?P<letter>.)", re.DOTALL
)  # fmt: skip
ADDRESS = re.compile(r"https?://\S+")


def written(text: str) -> str:
    """`text` as it is sent."""
    pieces: list[str] = []
    at = 0
    for found in MEANT.finditer(text):
        if found["tag"] and not _stands_alone(text, found.end()):
            continue
        pieces.append(escaped(text[at : found.start()]))
        pieces.append(f"#{found['tag']}" if found["tag"] else f"@[{escaped(found['name'])}]({found['urn']})")
        at = found.end()
    return "".join([*pieces, escaped(text[at:])])


def escaped(text: str) -> str:
    """Every reserved character stands for itself."""
    return RESERVED.sub(r"\\\g<0>", text)


def shown(little: str) -> str:
    """What a reader sees of a little text."""
    return READ.sub(_plainly, little)


def words(little: str) -> str:
    """A little text as it can be compared: as read back it is not what was sent (templates, letters and spaces composed anew)."""
    return " ".join(unicodedata.normalize("NFC", shown(little)).split())


def without_addresses(text: str) -> str:
    """Words in which all addresses are alike: a platform may shorten them."""
    return ADDRESS.sub("…", text)


def length(text: str) -> int:
    """UTF-16 units: the strictest reading of "characters" (1.4)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _plainly(found: re.Match[str]) -> str:
    if found["letter"] is not None:
        return found["letter"]
    unescaped = re.sub(r"\\(.)", r"\1", found["tag"] or found["name"], flags=re.DOTALL)
    return f"#{unescaped}" if found["tag"] else unescaped


def _stands_alone(text: str, end: int) -> bool:
    """A mark or a joiner after a hashtag belongs to its last letter; whether the platform thinks so, too, nobody knows."""
    return unicodedata.category(text[end : end + 1] or " ") not in {"Mn", "Mc", "Me", "Cf", "Pc", "Sk"}
