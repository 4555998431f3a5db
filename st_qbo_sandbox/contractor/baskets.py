"""What a visit of each business unit sells: ordinary baskets of lines.

What belongs here: plausible combinations of SKUs with quantities. What does not: customers, days and
payments.
"""

from __future__ import annotations

import random
from decimal import Decimal

from st_qbo_sandbox.contractor.documents import Line
from st_qbo_sandbox.contractor.organization import UNIT, Unit
from st_qbo_sandbox.contractor.pricebook import SKU

_SERVICES: dict[str, tuple[str, ...]] = {
    "HVAC Service": ("CAP-REPL", "CONTACTOR-REPL", "BLOWER-CLEAN", "LEAK-SRCH", "IGNITOR-REPL"),
    "HVAC Maintenance": ("TUNEUP-AC", "TUNEUP-HT", "DUCT-SEAL"),
    "Plumbing": ("FAUCET-INST", "TOILET-RBLD", "PIPE-RPR"),
    "Drain and Sewer": ("DRAIN-CBL", "HYDRO-JET", "CAMERA-INSP"),
    "Electrical": ("OUTLET-INST", "EVSE-INST"),
    "Commercial": ("RTU-PM",),
}
_PARTS: dict[str, tuple[str, ...]] = {
    "HVAC Service": ("CAP-45-5", "CONT-2P-30", "R410A", "IGN-SN", "TSTAT-T6"),
    "HVAC Maintenance": ("FLT-16X25X4", "SHOP-MISC"),
    "Plumbing": ("PEX-34", "BALL-34", "WAX-RING"),
    "Drain and Sewer": ("PVC-3",),
    "Electrical": ("THHN-12", "ROMEX-12-2", "GFCI-20", "BRKR-20"),
    "Commercial": ("FLT-16X25X4", "CONT-2P-30", "SHOP-MISC"),
}
_INSTALLS: tuple[tuple[str, ...], ...] = (
    ("AC-16-3T", "COIL-3T", "INSTALL-SPLIT", "PERMIT"),
    ("FURN-96-80", "INSTALL-SPLIT", "TSTAT-T6", "PERMIT"),
    ("MINI-12K", "INSTALL-MINI", "PERMIT"),
)
_DISCOUNTS = ("DISC-SR", "DISC-MEMBER", "DISC-NEIGHBOR", "DISC-TAXABLE")


def quantity_of(stream: random.Random, code: str) -> Decimal:
    """Draw a quantity that fits the SKU's unit: feet and pounds are measured, the rest is counted."""
    measure = SKU[code].unit_of_measure
    if measure == "FT":
        return Decimal(stream.randrange(40, 900)) / 8
    if measure == "LB":
        return Decimal(stream.randrange(2, 40)) / 4
    if measure == "HR":
        return Decimal(stream.randrange(1, 17)) / 4
    return Decimal(stream.choice((1, 1, 1, 2, 2, 3)))


def _line(stream: random.Random, code: str) -> Line:
    return Line(SKU[code], quantity_of(stream, code))


def _install(stream: random.Random) -> list[Line]:
    codes = stream.choice(_INSTALLS)
    lines = [Line(SKU[code]) for code in codes]
    lines.append(_line(stream, "LINESET-38-34"))
    if stream.random() < 0.3:
        lines.append(Line(SKU["DISC-TAXABLE"]))
    return lines


def _large_job(stream: random.Random, unit: Unit) -> list[Line]:
    codes = {
        "Plumbing": stream.choice((("WH-50G", "WH-INSTALL"), ("WH-TNKLS", "WH-INSTALL", "PERMIT"))),
        "Electrical": stream.choice(
            (("PANEL-200A", "PANEL-200", "PERMIT"), ("GEN-22KW", "PANEL-200", "PERMIT"))
        ),
    }[unit.name]
    return [Line(SKU[code]) for code in codes]


def basket(stream: random.Random, unit: Unit) -> tuple[Line, ...]:
    """Draw the lines of one ordinary visit; their sum is always above zero."""
    if unit.name == "HVAC Install":
        return tuple(_install(stream))
    if unit.name in ("Plumbing", "Electrical") and stream.random() < 0.15:
        return tuple(_large_job(stream, unit))
    lines: list[Line] = []
    if unit.name not in ("HVAC Maintenance", "Commercial"):
        lines.append(Line(SKU[stream.choice(("DIAG-01", "TRIP-CHG", "TRIP-CHG", "AFTERHRS"))]))
    lines.append(Line(SKU[stream.choice(_SERVICES[unit.name])]))
    for code in stream.sample(_PARTS[unit.name], min(len(_PARTS[unit.name]), stream.choice((0, 1, 1, 2)))):
        lines.append(_line(stream, code))
    if stream.random() < 0.2:
        lines.append(_line(stream, "LABOR-HR"))
    if stream.random() < 0.15:
        lines.append(Line(SKU["FEE-FUEL"]))
    if stream.random() < 0.2:
        lines.append(Line(SKU[stream.choice(_DISCOUNTS[:3])]))
    return tuple(lines)


def draw_unit(stream: random.Random) -> Unit:
    """Draw a business unit by its share of the work."""
    units = [unit for unit in UNIT.values() if unit.weight]
    return stream.choices(units, [unit.weight for unit in units])[0]
