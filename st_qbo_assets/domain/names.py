"""Text that QuickBooks accepts: names, numbers, e-mails, phones, and characters.

What belongs here: making one text legal, deterministically, and telling whether anything had to
change. What does not: which field of which entity it goes to (mapping), whether the result is free
in a realm (load), and whether two names mean the same person (matching).
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

#: Lengths of the entity pages (QB §6.1, §6.2, §6.5, §6.7, and the common types of §6).
DISPLAY_NAME_LENGTH = 500
NAME_PART_LENGTH = 100
ITEM_NAME_LENGTH = 100
NUMBER_LENGTH = 21
PHONE_LENGTH = 30
EMAIL_LENGTH = 100

#: Characters beyond Latin-1 that have a plain equal; what decomposes (é, ș) needs no row.
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "…": "...", "•": "-",
        "™": "(TM)", "℠": "(SM)", "€": "EUR", "⁄": "/", "≤": "<=", "≥": ">=", "≠": "!=",
        "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
    }
)  # fmt: skip
#: Control, format, surrogate, private and unassigned characters are no text.
_NOT_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_GENERATION = frozenset({"jr", "sr", "ii", "iii", "iv"})
#: A dot-atom or quoted local part is more than anybody types; this is what QuickBooks asks: `@` and a dot.
_EMAIL = re.compile(r"[^\s@,;<>()\[\]\\\"]+@[^\s@,;<>()\[\]\\\".]+(?:\.[^\s@,;<>()\[\]\\\".]+)+")


@dataclass(frozen=True)
class LegalText:
    """A text made legal, and what was changed to make it so (`colon replaced`, `shortened`, …)."""

    text: str
    changes: tuple[str, ...] = ()


def clean(text: str, *, latin1: bool) -> str:
    """Return the text without emoji and control characters, transliterated to Latin-1 if asked.

    Line breaks and tabs stay. Emoji go in either case: US companies are documented as ISO-8859-1
    (QB §2.2), and no other realm has been seen to keep them.
    """
    kept = unicodedata.normalize("NFC", "".join(char for char in text if _is_text(char)))
    return _to_latin1(kept) if latin1 else kept


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space, trimmed."""
    return " ".join(text.split())


def shorten(text: str, limit: int) -> str:
    """Return a text within a limit that still differs where the whole texts differ.

    A text that is too long keeps its beginning and ends in six characters of its own hash, so that
    the same text always gives the same result.
    """
    if len(text) <= limit:
        return text
    tail = "-" + hashlib.sha256(text.encode()).hexdigest()[:6]
    return text[: limit - len(tail)].rstrip() + tail


def legal_name(text: str, *, limit: int = DISPLAY_NAME_LENGTH, latin1: bool = True) -> LegalText | None:
    """Return a name without colon, tab, newline, outer or doubled spaces, within the limit.

    None if nothing but punctuation is left, for which no unique name can be made. The rules of
    `DisplayName` (QB §6.5) and of item names (QB §6.7) are the same but for the length.
    """
    steps: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("characters dropped or transliterated", lambda name: clean(name, latin1=latin1)),
        ("colon replaced", lambda name: name.replace(":", "-")),
        ("spaces collapsed", one_line),
        ("shortened", lambda name: shorten(name, limit)),
    )
    changes: list[str] = []
    current = unicodedata.normalize("NFC", text)
    for change, step in steps:
        before, current = current, step(current)
        if current != before:
            changes.append(change)
    if not any(char.isalnum() for char in current):
        return None
    return LegalText(current, tuple(changes))


def suffixed(name: str, suffix: str, *, limit: int = DISPLAY_NAME_LENGTH) -> str:
    """Return the name followed by a suffix, both within the limit."""
    return f"{shorten(name, limit - len(suffix) - 1)} {suffix}"


def item_names(sku: str, account: str, *, latin1: bool = True) -> tuple[str, str] | None:
    """Return the names of an item: the plain one, and the one for a further account, `NAME [40100]`.

    None if the SKU has no letter or digit (rule 2.1).
    """
    plain = legal_name(sku, limit=ITEM_NAME_LENGTH, latin1=latin1)
    if plain is None:
        return None
    label = legal_name(account, limit=40, latin1=latin1)
    suffix = f"[{label.text if label else 'account'}]"
    return plain.text, suffixed(plain.text, suffix, limit=ITEM_NAME_LENGTH)


def legal_number(text: str, *, latin1: bool = True) -> LegalText:
    """Return a document or reference number of at most 21 characters, empty if there is none."""
    whole = one_line(clean(text, latin1=latin1))
    short = shorten(whole, NUMBER_LENGTH)
    return LegalText(short, ("shortened",) if short != whole else ())


def person_parts(name: str) -> tuple[str, str]:
    """Return (given, family) of a person written "Last, First" or "First Last"; one word is a family name."""
    words = one_line(name)
    if words.count(",") == 1:
        family, given = (part.strip() for part in words.split(","))
        if family and given and given.rstrip(".").casefold() not in _GENERATION:
            return _part(given), _part(family)
        words = f"{family} {given}".strip()
    parts = words.split()
    size = 2 if len(parts) > 2 and parts[-1].rstrip(".").casefold() in _GENERATION else 1
    return _part(" ".join(parts[:-size])), _part(" ".join(parts[-size:]))


def legal_email(text: str | None) -> str:
    """Return an e-mail address QuickBooks accepts (RFC 822, with `@` and `.`), empty if it is none."""
    address = one_line(text or "")
    return address if len(address) <= EMAIL_LENGTH and _EMAIL.fullmatch(address) and address.isascii() else ""


def legal_phone(text: str | None, *, latin1: bool = True) -> str:
    """Return a phone number of at most 30 characters, empty if it has no digit.

    One that is too long loses its ornaments first, and is left out if it is still too long.
    """
    number = one_line(clean(text or "", latin1=latin1))
    if len(number) > PHONE_LENGTH:
        number = re.sub(r"[^\dx+]", "", number.casefold())
    return number if any(char.isdigit() for char in number) and len(number) <= PHONE_LENGTH else ""


def _part(text: str) -> str:
    return text[:NAME_PART_LENGTH].strip()


def _is_text(char: str) -> bool:
    if char in "\t\n\r":
        return True
    code = ord(char)
    if code > 0xFFFF or code in _VARIATION_SELECTORS:
        return False
    category = unicodedata.category(char)
    if category == "So":  # ©, ®, ° and the letterlike ones are typed; dingbats and weather signs are emoji
        return code < 0x2190
    return category not in _NOT_TEXT


def _to_latin1(text: str) -> str:
    kept: list[str] = []
    for char in text.translate(_PLAIN):
        if char.encode("latin-1", "ignore"):
            kept.append(char)
            continue
        parts = [part for part in unicodedata.normalize("NFKD", char) if part.encode("latin-1", "ignore")]
        kept.append("".join(parts) or (" " if char.isspace() else ""))
    return "".join(kept)
