"""Signatures over raw bytes, compared in constant time.

What belongs here: HMAC-SHA256 and the ways a digest is written. What does not: which header and key a vendor
uses.
"""

import base64
import binascii
import hashlib
import hmac
import re

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_DIGEST_BYTES = 32


def is_signed(body: bytes, given: str, key: str) -> bool:
    """Say whether a digest is the HMAC-SHA256 of these very bytes under the key.

    Args:
        body: the raw body, before anybody decoded it.
        given: the digest in hex or base64, as a header brings it.
        key: the shared key; an empty one signs nothing.
    """
    if not key:
        return False
    expected = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(expected, _digest(given))


def _digest(text: str) -> bytes:
    """Return the bytes of a digest; some that match nothing if it is none."""
    text = text.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        found = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if len(found) == _DIGEST_BYTES else b""
