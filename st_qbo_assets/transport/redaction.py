"""Taking secrets out of text and headers, for logs, errors and recordings alike.

What belongs here: the one function that decides what a secret looks like. What does not: where the
text goes.

    what                         example                          becomes
    authorization headers        Authorization: Bearer eyJ…       Authorization: Bearer [redacted]
    named values, any notation   "refresh_token": "AB11…"         "refresh_token": "[redacted]"
    bearer and basic words       … Basic QUJDRA== …               … Basic [redacted] …
    JSON web tokens anywhere     eyJhbGciOi….eyJ….sig             [redacted]
    echoes in faults             Token expired: AB0…              Token expired: [redacted]
    e-mail addresses             jane@example.com                 [e-mail]
"""

import logging
import re
from collections.abc import Mapping

MASK = "[redacted]"

#: Names whose value is a secret, in headers, forms, query strings and JSON.
_NAMES = (
    r"access_?token|refresh_?token|id_?token|client_?secret|client_?id|token|secret|password|"
    r"api_?key|app_?key|st-app-key|servicetitanapplicationkey|authorization|proxy-authorization|cookie|set-cookie|"
    r"intuit-signature|x-servicetitan-signature|verifier_?token"
)
#: Secrets of the OAuth callback; in JSON `code` is a fault's number and `state` part of an address.
_IN_URLS = rf"{_NAMES}|code|state"
_HEADERS = re.compile(rf"^(?:{_NAMES})$", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # "name": "value" and 'name': 'value', also escaped once (JSON inside JSON).
    (
        re.compile(
            rf"""(\\?["'](?:{_NAMES})\\?["']\s*:\s*\\?["'])(?:[^"'\\]|\\(?!["'])|\\\\.)*""", re.IGNORECASE
        ),
        rf"\g<1>{MASK}",
    ),
    # name=value in forms, query strings and prose; never `code=5010`: a fault's code is no secret.
    (
        re.compile(rf"""(?<![\w-])((?:{_IN_URLS})=)(?!\d{{1,6}}\b)[^&\s"'<>;,]+""", re.IGNORECASE),
        rf"\g<1>{MASK}",
    ),
    (
        re.compile(r"(authorization|st-app-key|cookie):[ \t]*(?:(bearer|basic)[ \t]+)?\S+", re.IGNORECASE),
        rf"\1: {MASK}",
    ),
    (
        re.compile(r"\b(bearer|basic)[ \t]+(?!token\b|error\b|realm\b)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
        rf"\1 {MASK}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,4}"), MASK),
    (re.compile(r"(token (?:expired|revoked|invalid)\s*:\s*)[^\"'\s<}]+", re.IGNORECASE), rf"\g<1>{MASK}"),
    (re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}\b"), "[e-mail]"),
)


def redact(text: str) -> str:
    """Return the text without secrets and e-mail addresses."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with the values of secret ones masked, the others redacted as text."""
    return {name: MASK if _HEADERS.match(name) else redact(value) for name, value in headers.items()}


class RedactingFilter(logging.Filter):
    """Redacts every record of the handler it is put on, its arguments and traceback included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, redacted."""
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
