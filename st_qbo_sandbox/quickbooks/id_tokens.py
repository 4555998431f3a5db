"""OpenID: signed id tokens and the key set that proves them.

Belongs here: RS256 and JWKS. Does not belong here: access and refresh tokens (`oauth.py`).
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_ID = "sandbox-1"


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign_id_token(*, issuer: str, client_id: str, realm: str, subject: str, now: float, seconds: int) -> str:
    """Return a signed token with the claims of the discovery document."""
    claims = {
        "sub": subject,
        "aud": [client_id],
        "realmid": realm,
        "iss": issuer,
        "iat": int(now),
        "auth_time": int(now),
        "exp": int(now) + seconds,
    }
    head = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    signed = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims).encode())}"
    signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encode(signature)}"


def key_set() -> dict[str, Any]:
    """Return the JSON Web Key Set."""
    numbers = _key().public_key().public_numbers()
    modulus = numbers.n.to_bytes(256, "big")
    exponent = numbers.e.to_bytes(3, "big")
    key = {
        "kty": "RSA",
        "e": _encode(exponent),
        "use": "sig",
        "kid": KEY_ID,
        "alg": "RS256",
        "n": _encode(modulus),
    }
    return {"keys": [key]}
