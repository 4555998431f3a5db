"""Writes the generated parts of the documentation from the tables in the code.

    python tools/render_docs.py            write what is stale
    python tools/render_docs.py --check    name what is stale, end with status 1

A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`; everything around it
is written by hand. What belongs here: turning a table of the code into Markdown. What does not: words of
a table, which stand where the code uses them.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from st_qbo_assets.books.causes import BY_NAME, Kind  # noqa: E402
from st_qbo_assets.domain import gate  # noqa: E402
from st_qbo_assets.domain.company import CompanyFile  # noqa: E402
from st_qbo_assets.domain.masters.fields import FIELDS, Direction  # noqa: E402
from st_qbo_assets.domain.masters.reasons import MASTERS  # noqa: E402
from st_qbo_assets.domain.outcomes import Outcome  # noqa: E402
from st_qbo_assets.domain.reasons import GATE, MAPPING, ReasonKind  # noqa: E402
from st_qbo_assets.load.reasons import LOAD  # noqa: E402
from st_qbo_assets.quickbooks import fault_table  # noqa: E402
from st_qbo_assets.quickbooks.fault_table import FAULTS, UNKNOWN, FaultClass, FaultKind  # noqa: E402
from st_qbo_assets.servicetitan.problems import PROBLEMS, UNKNOWN_PROBLEM  # noqa: E402

EXAMPLE = ROOT / "st_qbo_assets" / "defs" / "demo" / "defs.yaml"
_SOURCES = (ROOT / "st_qbo_assets" / "domain" / "gate.py", *(ROOT / "st_qbo_assets" / "mapping").glob("*.py"))

#: What a call in the gate or the mapping makes of a record.
_VERDICT_CALLS = {"_not_due": "not due", "_held": "held", "held": "held", "rejected": "rejected"}
#: Codes that are not given in one of those calls.
_OTHER_VERDICTS = {
    "no_date": "rejected",
    "unreadable_record": "rejected",
    "name_illegal": "held",
    "payment_type_ignored": "not due",
    **dict.fromkeys(("moved_to_open_day", "stays_on_later_day"), "posted"),
    "bill_on_hold": "posted",
    **dict.fromkeys(
        ("item_not_used", "item_without_account", "item_without_sku", "item_account_unknown"), "not due"
    ),
    "credit_left_on_account": "posted",
}
#: What the load makes of a record with a code (`load`: turn, plan, refusals, gathering).
_OUTCOMES: Mapping[str, Outcome] = {
    **dict.fromkeys(
        ("waits_for", "payment_waits", "bill_payment_waits", "credit_stays_unapplied"), Outcome.BLOCKED
    ),
    **dict.fromkeys(("adjusted", "closed_and_same", "drift_accepted"), Outcome.UNCHANGED),
    **dict.fromkeys(
        (
            *("unapplied_for_now", "applied_what_is_open", "adopted", "found_by_marker"),
            *("linked_to_existing", "settled_link", "renamed", "adjustment", "created_again"),
            "bill_without_order",
        ),
        Outcome.POSTED,
    ),
    **dict.fromkeys(
        (
            *(
                "paid_by_hand",
                "paid_by_hand_too",
                "needs_void",
                "voided_in_quickbooks",
                "gone_from_servicetitan",
            ),
            *("edited_in_quickbooks", "adopted_not_updated", "typed_by_hand_differs", "typed_by_hand"),
            *("typed_by_hand_twice", "number_taken", "settled_link_broken", "match_unsure", "name_taken"),
            *("deposited", "void_used", "gate_closed_again", "shape_waits", "sub_customer_not_billed"),
            "closed_period_answered",
            *("sub_customer_gone", "sub_customer_inactive", "sub_customer_elsewhere"),
            "possible_duplicate_vendor_credit",
            *("item_account_refused", "possible_duplicate_bill", "orders_off"),
            *("item_type_held", "item_of_other_type", "inventory_refused", "stock_not_started"),
        ),
        Outcome.HELD,
    ),
    **dict.fromkeys(("refused", "number_used", "deleted_in_quickbooks"), Outcome.REJECTED),
    **dict.fromkeys(
        (
            *("not_read_again", "payments_not_planned", "not_settled", "transient", "connection_stopped"),
            "being_changed",
        ),
        Outcome.FAILED,
    ),
    "mismatch": Outcome.MISMATCH,
    "gone_unposted": Outcome.NOT_DUE,
    **dict.fromkeys(("told_by_parts", "emptied_by_hand", "voided_here"), Outcome.VOIDED),
    "applied_by_quickbooks": Outcome.HELD,
    "adjustment_open": Outcome.UNCHANGED,
    "sub_customer_merged": Outcome.UNCHANGED,
    "item_type_left": Outcome.UNCHANGED,
}
_OWNERS = {
    Direction.BOTH: "whoever writes last",
    Direction.TO_QUICKBOOKS: "ServiceTitan",
    Direction.TO_SERVICETITAN: "QuickBooks",
}
_RED = frozenset(outcome.value for outcome in Outcome if outcome.fails_partition)

Render = Callable[[], str]


def settings_table() -> str:
    """Return every attribute of the company file: type, default, meaning."""
    return _table(("attribute", "type", "default", "meaning"), _attributes(CompanyFile, ""))


def example() -> str:
    """Return the demo's company file as it is."""
    return f"```yaml\n{EXAMPLE.read_text(encoding='utf-8').rstrip()}\n```"


def invoice_kinds() -> str:
    """Return which kinds of invoice post (rule 1.1)."""
    rows = [(f"`{kind}`", "posts" if posts else "never posts") for kind, posts in gate.INVOICE_KINDS.items()]
    return _table(("`invoiceConfiguration`", ""), [*rows, ("any other", "held: `kind_unknown`")])


def gate_reasons() -> str:
    """Return the reasons of the gate."""
    return _reasons(GATE, _verdicts())


def mapping_reasons() -> str:
    """Return the reasons of the mapping."""
    return _reasons(MAPPING, _verdicts())


def load_reasons() -> str:
    """Return the reasons of the load."""
    return _reasons(LOAD, {code: outcome.value.replace("_", " ") for code, outcome in _OUTCOMES.items()})


def fields_table() -> str:
    """Return the table of the fields of customers and vendors."""
    rows = [
        (
            f"`{rule.name}`",
            "" if rule.is_vendor_only else rule.servicetitan,
            rule.vendor or "",
            rule.quickbooks,
            rule.direction.value,
            _OWNERS[rule.direction],
            str(rule.length or ""),
            rule.rule,
        )
        for rule in FIELDS
    ]
    header = (
        "field",
        "ServiceTitan customer",
        "vendor",
        "QuickBooks",
        "direction",
        "owner",
        "length",
        "rule",
    )
    return _table(header, rows)


def masters_reasons() -> str:
    """Return why customers and vendors, or fields of them, do not cross over."""
    rows = [
        (f"`{code}`", kind.rule, _filled(kind.text), _filled(kind.remedy)) for code, kind in MASTERS.items()
    ]
    return _table(("code", "rule", "what it says", "what to do"), rows)


def causes() -> str:
    """Return the causes of a difference, the gravest first."""
    ordered = sorted(BY_NAME.values(), key=lambda cause: -cause.kind.gravity)
    day = {Kind.FAILING: "failing", Kind.WAITING: "waiting", Kind.INFORMATIONAL: "green"}
    rows = [
        (f"`{cause.name}`", day[cause.kind], _filled(cause.words), _filled(cause.remedy)) for cause in ordered
    ]
    return _table(("cause", "the day is", "what it is", "what to do"), rows)


def fault_classes() -> str:
    """Return what is done about each class of fault, in the words beside its name in the code."""
    words = _words_of_members(Path(str(fault_table.__file__)), "FaultClass")
    used = [each for each in FaultClass if any(row.fault_class is each for row in FAULTS)]
    rows = [
        (each.value.replace("_", " "), words[each.name], "yes" if each.retry_helps else "no") for each in used
    ]
    return _table(("class", "what is done", "the same request again helps"), rows)


def faults() -> str:
    """Return the faults of QuickBooks by code."""
    heads = ("code", "class", "in plain words", "cause", "remedy", "a retry helps")
    return _table(heads, [*map(_fault_row, FAULTS), _fault_row(UNKNOWN)])


def servicetitan_problems() -> str:
    """Return what answers of ServiceTitan mean."""
    rows = [
        (kind.code or "any other", kind.plain, kind.cause, kind.remedy, _helps(kind.retry_helps))
        for kind in (*PROBLEMS, UNKNOWN_PROBLEM)
    ]
    return _table(("answer", "in plain words", "cause", "remedy", "a retry helps"), rows)


#: File → name of a generated part → what it holds.
PARTS: Mapping[str, Mapping[str, Render]] = {
    "docs/mapping-guide.md": {
        "invoice kinds": invoice_kinds,
        "reasons of the gate": gate_reasons,
        "reasons of the mapping": mapping_reasons,
        "reasons of the load": load_reasons,
        "causes": causes,
    },
    "docs/errors.md": {
        "fault classes": fault_classes,
        "faults": faults,
        "ServiceTitan": servicetitan_problems,
    },
    "docs/company-file.md": {"settings": settings_table, "example": example},
    "docs/customers-and-vendors.md": {"fields": fields_table, "masters": masters_reasons},
}


def rendered(text: str, parts: Mapping[str, Render]) -> str:
    """Return a document with its generated parts as they should be.

    Raises:
        ValueError: if a part is missing from the document, or the document has one nobody writes.
    """
    found = re.findall(r"<!-- generated: (.+?) -->", text)
    if sorted(found) != sorted(parts):
        raise ValueError(f"the document has the parts {sorted(found)}, expected {sorted(parts)}")
    for name, render in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        before, _, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not closed:
            raise ValueError(f"the part {name!r} has no end")
        text = f"{before}{begin}\n{render()}\n{end}{after}"
    return text


def stale() -> dict[str, str]:
    """Return the documents that are not current, as they should be."""
    found: dict[str, str] = {}
    for name, parts in PARTS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        if (wanted := rendered(text, parts)) != text:
            found[name] = wanted
    return found


def main(arguments: Sequence[str]) -> int:
    """Write, or check with `--check`; return the exit status."""
    if unknown := [argument for argument in arguments if argument != "--check"]:
        sys.stderr.write(f"unknown: {' '.join(unknown)}; usage: python tools/render_docs.py [--check]\n")
        return 2
    found = stale()
    for name, text in found.items():
        if not arguments:
            (ROOT / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name} {'is stale' if arguments else 'written'}\n")
    return 1 if found and arguments else 0


def _attributes(model: type[BaseModel], prefix: str) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, field in model.model_fields.items():
        inner, path = _model_in(field.annotation), f"{prefix}{name}"
        rows.append((f"`{path}`", _type_words(field), _default(field), field.description or ""))
        if inner is not None:
            deeper = f"{path}.<type>." if get_origin(field.annotation) is dict else f"{path}."
            rows += _attributes(inner, deeper)
    if undescribed := [row[0] for row in rows if not row[3]]:
        raise ValueError(f"these settings have no description: {', '.join(undescribed)}")
    return rows


def _model_in(annotation: object) -> type[BaseModel] | None:
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _type_words(field: FieldInfo) -> str:
    words = _annotation_words(field.annotation)
    bounds = {type(each).__name__: each for each in field.metadata}
    if "Ge" in bounds and "Le" in bounds:
        return f"{bounds['Ge'].ge} to {bounds['Le'].le}"
    return words


def _annotation_words(annotation: object) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin in (Union, UnionType):
        return next(_annotation_words(each) for each in arguments if each is not NoneType)
    if origin is dict:
        return "map" if _model_in(annotation) is None else "map of sections"
    if origin is tuple:
        return "list of texts"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{each.value}`" for each in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    names = {"bool": "`true` or `false`", "int": "number", "date": "date", "str": "text"}
    return names.get(getattr(annotation, "__name__", ""), "text")


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required():
        return "**needed**"
    if isinstance(value, BaseModel):
        return ""
    if value is None or value == () or value == {}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _verdicts() -> dict[str, str]:
    """Return what each code of the gate and the mapping makes of a record, read from their calls."""
    found = dict(_OTHER_VERDICTS)
    for source in _SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            verdict = _VERDICT_CALLS.get(_name_of(node))
            if verdict is None or not isinstance(node, ast.Call) or not node.args:
                continue
            codes = (each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))
            found |= {code: verdict for code in codes if code in GATE or code in MAPPING}
    return found


def _name_of(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _words_of_members(source: Path, name: str) -> dict[str, str]:
    """Return the words that stand under each member of an enumeration."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    words: dict[str, str] = {}
    for member, told in zip(body, body[1:], strict=False):
        if not isinstance(member, ast.Assign) or not isinstance(told, ast.Expr):
            continue
        if isinstance(member.targets[0], ast.Name) and isinstance(told.value, ast.Constant):
            words[member.targets[0].id] = str(told.value.value)
    return words


def _reasons(kinds: Mapping[str, ReasonKind], becomes: Mapping[str, str]) -> str:
    if unknown := [code for code in kinds if code not in becomes]:
        raise ValueError(f"nobody says what becomes of a record with {', '.join(unknown)}")
    rows: list[Sequence[str]] = []
    for code, kind in kinds.items():
        state = becomes[code]
        shown = f"**{state}**" if state in _RED else state
        remedy = "See [errors.md](errors.md)." if kind.remedy == "{remedy}" else _filled(kind.remedy)
        rows.append((f"`{code}`", shown, _filled(kind.text), remedy, kind.rule))
    return _table(("code", "the record is", "what it says", "what to do", "rule"), rows)


def _fault_row(kind: FaultKind) -> Sequence[str]:
    codes = ", ".join(dict.fromkeys(code.lstrip("0") for code in kind.codes)) or "any other"
    what = kind.fault_class.value.replace("_", " ")
    return codes, what, kind.plain, kind.cause, kind.remedy, _helps(kind.retry_helps)


def _helps(does: bool) -> str:
    return "yes, by itself" if does else "no"


def _filled(text: str) -> str:
    """Return a sentence with its values shown as ‹value›; one that follows a word may be absent."""
    apart = re.sub(r"(?<=\w)\{", " {", text)
    return re.sub(r"\{(\w+)(?:!r)?\}", lambda match: f"‹{match[1].replace('_', ' ')}›", apart)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    escaped = text.replace("|", "\\|")
    # A bare `<` would begin a tag; inside code it is shown as it stands.
    pieces = escaped.split("`")
    return "`".join(piece if place % 2 else piece.replace("<", "&lt;") for place, piece in enumerate(pieces))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
