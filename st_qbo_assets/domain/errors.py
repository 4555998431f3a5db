"""The errors of the integration. Facts are attributes, the message is for people.

    SyncError
    ├── SettingsError            a setting, file or command is wrong; names the line or variable and the cure
    ├── TransportError           the network or a server failed; another try helps
    │   └── UncertainOutcome     a write may or may not have happened (lost answer, timeout, 5xx)
    ├── RateLimited              wait `retry_after_seconds`
    ├── AuthExpired              the token was refused; refresh once
    ├── ConnectionStopped        a person must reconnect or pay (6190, 120, 3100, invalid_grant)
    ├── RemoteFault              the vendor refused the request; another try does not help
    │   └── StaleObject          5010: re-read, re-plan
    └── LedgerConflict           somebody else holds or changed what we wanted to write

A bad *record* is no error: it becomes a `Rejection` (see outcomes).
"""

from typing import Literal


class SyncError(Exception):
    """Base of all errors of this project."""

    remedy: str = ""


class SettingsError(SyncError):
    """A setting, file or command line is wrong."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message if not remedy else f"{message} {remedy}")
        self.remedy = remedy


class TransportError(SyncError):
    """The network or the server failed before an answer; nothing was written.

    Attributes:
        status: HTTP status of the answer, 0 if there was none.
        remote_request_id: the vendor's trace id, empty if there was no answer.
    """

    def __init__(self, message: str, *, status: int = 0, remote_request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.remote_request_id = remote_request_id


class UncertainOutcome(TransportError):
    """A write was sent and its outcome is unknown; the intent stays open."""


class RateLimited(SyncError):
    """The vendor or our own budget asks to wait."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthExpired(SyncError):
    """The access token was refused (401)."""


class ConnectionStopped(SyncError):
    """The company's connection to one of its two systems is stopped until a person acts."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        remedy: str,
        system: Literal["servicetitan", "quickbooks"] = "quickbooks",
    ) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.remedy = remedy
        self.system: Literal["servicetitan", "quickbooks"] = system


class RemoteFault(SyncError):
    """The vendor refused a request, permanently as it stands."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        detail: str = "",
        element: str = "",
        status: int = 400,
        remote_request_id: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}" + (f" ({detail})" if detail else ""))
        self.remedy = remedy
        self.code = code
        self.message = message
        self.detail = detail
        self.element = element
        self.status = status
        self.remote_request_id = remote_request_id


class StaleObject(RemoteFault):
    """5010: somebody changed the object after we read it."""


class LedgerConflict(SyncError):
    """The ledger refused: an open intent, a lock or a unique key stands in the way."""
