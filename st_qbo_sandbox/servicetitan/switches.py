"""What the reference could not confirm, each behind a named switch that plays both ways.

Belongs here: the switches, their defaults, the section that leaves the question open. Does not belong here:
what they do.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from st_qbo_sandbox.half import EditError


@dataclass(frozen=True)
class Switches:
    """Sections are those of the ServiceTitan reference."""

    # §2.1: whether 429 carries Retry-After is unconfirmed; no client proves that it is sent.
    retry_after_header: bool = False
    # §2.1: 60 calls a second per application and tenant.
    requests_per_second: int | None = 60
    # §1: the token endpoint is throttled too, at an unpublished limit; None is no limit.
    token_requests_per_minute: int | None = None
    # §2.2: the bodies of 401 and 403 are undocumented.
    auth_error_body: Literal["problem", "empty", "html"] = "problem"
    # §1: the vendor's own first example, and a client in wide use, send the token without "Bearer".
    bearer_word_required: bool = False
    # §1: an app that was not given these scopes gets 403 there; scope names without `:r` or `:w`.
    scopes_withheld: tuple[str, ...] = ()
    # §3.1: pageSize above the maximum; the reply says what was used, so it seems to be capped.
    page_size_over_maximum: Literal["cap", "refuse"] = "cap"
    # §3.1: the order of an unsorted list is not guaranteed; "scattered" is a stable order unlike that of ids.
    list_order: Literal["id", "scattered"] = "id"
    # §2.2: an unknown sort field gives 400 on at least some endpoints.
    unknown_sort_field: Literal["refuse", "ignore"] = "refuse"
    # §3.1: a raw `+` before a sort field arrives as a space.
    space_before_sort_field: Literal["ascending", "refuse"] = "ascending"
    # §3.1: whether `active=true` is read like `active=True`.
    active_is_case_sensitive: bool = False
    # §3.1: at most 50 ids where stated.
    ids_maximum: int = 50
    # §5.2: the default of activeState on invoices is not stated; on payments it is ActiveOnly.
    invoices_active_state: Literal["ActiveOnly", "All"] = "ActiveOnly"
    # §3.2: the page size of export feeds is not documented.
    feed_page_size: int = 500
    # §3.2: rows appear so long after the change.
    feed_lag_seconds: int = 900
    # §11 quirk 14: whether a payment moves its invoice's modifiedOn.
    payment_bumps_invoice: bool = True
    # §15 no. 9: whether the amount of a bill that a person enters holds its tax and shipping.
    bill_amount_includes_tax_and_shipping: bool = True
    # §6.1: accounting changes move the customer's modifiedOn.
    accounting_bumps_customer: bool = True
    # §5.2: whether a Pending invoice may be marked as exported.
    pending_may_be_marked_exported: bool = True
    # §5.2: markasexported stores its externalId as exportId.
    mark_sets_export_id: bool = True
    # §5.2: an exported document is locked for the API too.
    exported_is_locked: bool = True
    # §5.3: whether POST /payments/status may go back to Pending.
    payment_status_may_go_back: bool = True
    # §11 quirk 16: whether documents of a merged customer move to the survivor.
    merge_moves_documents: bool = False
    # §4: arrays may be null though the specification says they are not.
    null_arrays: bool = False
    # §3: new fields arrive in every release; each row gets one that no specification knows.
    unknown_fields: bool = False
    # §4: enums may carry values outside the specification: review status of invoices.
    unknown_enum_values: bool = False
    # §11 quirk 19: journal entry dates carry a time.
    journal_dates_carry_time: bool = True
    # Not the vendor's: answer 500 with the mismatches if an answer is not what the specification says.
    validate_answers: bool = False

    def changed(self, given: dict[str, Any]) -> Switches:
        """Return the switches with these set.

        Raises:
            EditError: there is no such switch, or not with such a value.
        """
        hints = typing.get_type_hints(Switches)
        unknown = set(given) - {field.name for field in fields(self)}
        if unknown:
            raise EditError(f"no ServiceTitan switch {', '.join(sorted(unknown))}")
        taken: dict[str, Any] = {}
        for name, value in given.items():
            taken[name] = tuple(value) if name == "scopes_withheld" else value
            if not _fits(hints[name], taken[name]):
                raise EditError(f"switch {name} cannot be {value!r}")
        return replace(self, **taken)


def _fits(hint: Any, value: Any) -> bool:
    if typing.get_origin(hint) is Literal:
        return value in typing.get_args(hint)
    if hint is bool:
        return isinstance(value, bool)
    if typing.get_origin(hint) is tuple:
        return isinstance(value, tuple)
    return not isinstance(value, bool) and isinstance(value, hint)
