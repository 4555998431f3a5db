"""The company file: everything one company decides, validated.

What belongs here: the attributes of a company's `defs.yaml`, their defaults and checks. What
does not: secrets (the vault), addresses of the vendors (settings), and what a policy does (the
module that applies it). Unmapped is held, never posted to a fallback, unless the company names one.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Text = Annotated[str, Field(min_length=1)]


class _Policy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Environment(StrEnum):
    """Which of the vendors' worlds a company lives in."""

    SANDBOX = "sandbox"
    INTEGRATION = "integration"
    PRODUCTION = "production"


class ServiceTitanSide(_Policy):
    """The ServiceTitan tenant."""

    tenant: Annotated[str, Field(pattern=r"^\d+$", description="tenant id, digits in quotes")]


class QuickBooksSide(_Policy):
    """The QuickBooks company (realm) and the share of its budget we may use (rule 11)."""

    realm: Annotated[str, Field(pattern=r"^\d+$", description="company id, digits in quotes")]
    requests_per_second: Annotated[int, Field(ge=1, le=10)] = 8
    requests_per_minute: Annotated[int, Field(ge=1, le=500)] = 400
    in_flight: Annotated[int, Field(ge=1, le=10)] = 5


class BusinessUnits(_Policy):
    """Which business units belong to this company, by name (rule 1.8); neither means all."""

    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> "BusinessUnits":
        if self.include and self.exclude:
            raise ValueError("name business units under `include` or under `exclude`, not both")
        return self

    def in_scope(self, name: str) -> bool:
        """Say whether a business unit belongs to the company."""
        return (not self.include or name in self.include) and name not in self.exclude


class PaymentTypePolicy(_Policy):
    """What payments of one ServiceTitan payment type become (rule 3.1).

    `payment` needs `deposit_to`, an account of type Bank or Other Current Asset by number or name.
    """

    becomes: Literal["payment", "write_off", "hold", "ignore"]
    method: Text | None = None
    deposit_to: Text | None = None
    item: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> "PaymentTypePolicy":
        if self.becomes == "payment" and not self.deposit_to:
            raise ValueError("a type that becomes `payment` needs `deposit_to` (account number or name)")
        if self.becomes == "write_off" and not self.item:
            raise ValueError("a type that becomes `write_off` needs `item` (the QuickBooks item it goes to)")
        return self


class Tax(_Policy):
    """How ServiceTitan's sales tax reaches QuickBooks to the cent (rule 2.4).

    `automated`: automated sales tax with an explicit total; `codes`: manual US tax codes, one per
    tax zone; `line`: tax as its own line on `line_item`; `none`: no tax, a taxed document is held.
    """

    mode: Literal["automated", "codes", "line", "none"] = "automated"
    zone_codes: dict[str, str] = {}
    line_item: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Tax":
        if self.mode == "line" and not self.line_item:
            raise ValueError("tax mode `line` needs `line_item` (the QuickBooks item the tax goes to)")
        return self


class Classes(_Policy):
    """Business unit → QuickBooks class, as `Parent:Child`; default is the unit's own `quickbooksClass`."""

    overrides: dict[str, str] = {}
    unmapped: Literal["hold", "none"] = "hold"


class Schedules(_Policy):
    """Cron lines in the company's time zone."""

    nightly_close: Text = "15 2 * * *"
    reference_refresh: Text = "45 1 * * *"
    sweep_days: Annotated[int, Field(ge=1, le=90, description="days the nightly close looks back")] = 3


class CompanyFile(_Policy):
    """One company: a QuickBooks realm joined to a ServiceTitan tenant, or to some of its units."""

    name: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="short name, first part of its asset keys")
    ]
    environment: Environment
    servicetitan: ServiceTitanSide
    quickbooks: QuickBooksSide
    time_zone: str
    start_date: date
    mode: Literal["preview", "live"] = "preview"
    gate: Literal["completed", "posted"] = "completed"
    adopt_exported: bool = False
    adopt_typed_by_hand: bool = True
    send_email_addresses: bool = False
    business_units: BusinessUnits = BusinessUnits()
    accounts: dict[str, str] = {}
    items: Literal["per_sku", "per_account"] = "per_sku"
    liability_lines: Literal["post", "hold"] = "post"
    classes: Classes = Classes()
    departments: dict[str, str] = {}
    terms: dict[str, str] = {}
    payment_types: dict[str, PaymentTypePolicy] = {}
    payment_of_unposted_invoice: Literal["wait", "unapplied"] = "wait"
    tax: Tax = Tax()
    closed_period: Literal["hold", "next_open_day"] = "hold"
    characters: Literal["latin1", "unicode"] = "latin1"
    schedules: Schedules = Schedules()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"unknown time zone {value!r}; use a name like America/Chicago")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)
