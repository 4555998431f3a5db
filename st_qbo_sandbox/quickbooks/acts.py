"""Acts of a person in QuickBooks: what a bookkeeper does in the product, done through the ordinary engine.

Belongs here: `POST /_sandbox/edit`. Does not belong here: switches and faults of the sandbox.

    act       what
    consent   {"redirect_uri"?, "scope"?} -> {"code", "realmId"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.half import EditError

if TYPE_CHECKING:
    from st_qbo_sandbox.quickbooks.half import QuickBooks


class Acts:
    """The table of acts."""

    def __init__(self, half: QuickBooks) -> None:
        self._half = half

    def perform(self, act: dict[str, Any]) -> dict[str, Any]:
        """Do one act and return what became of it.

        Raises:
            EditError: the act is unknown or refused.
        """
        if act.get("act") == "consent":
            uri = act.get("redirect_uri", identity.QUICKBOOKS_REDIRECT_URI)
            code = self._half.oauth.issue_code(redirect_uri=uri)
            return {"code": code, "realmId": identity.REALM}
        raise EditError(f"unknown act {act.get('act')!r}")
