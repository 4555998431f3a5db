"""Nothing of the history is deleted: neither by the code, nor can it be by a slip of the hand."""

import re
from pathlib import Path

from st_qbo_assets.store.schema import metadata

_ROOT = Path(__file__).parents[3]
_CODE = _ROOT / "st_qbo_assets"
#: Working memory and secrets: what is done, spent or withdrawn. The history is elsewhere.
_MAY_GO = {"budget_leases", "dirty_days", "refunds", "tokens", "vault"}
_HISTORY = {
    *("intents", "attempts", "links", "record_states", "record_changes", "decisions", "tie_outs"),
    "alerts",
}
_DELETE = re.compile(
    r"\bdelete\((\w+)|\b(\w+)\.delete\(|DELETE FROM (?:st_qbo\.)?(\w+)|TRUNCATE (\w+)", re.IGNORECASE
)


def _deleted_from(text: str) -> set[str]:
    tables = {name for match in _DELETE.findall(text) for name in match if name}
    return tables & {table.name for table in metadata.sorted_tables}


def test_the_code_deletes_from_no_table_of_the_history() -> None:
    found = {
        table
        for file in _CODE.rglob("*.py")
        if "migrations" not in file.parts
        for table in _deleted_from(file.read_text())
    }
    assert found == _MAY_GO
    assert not found & _HISTORY


def test_every_table_of_the_history_refuses_to_lose_rows() -> None:
    migrations = "".join(file.read_text() for file in (_CODE / "store/migrations/versions").glob("*.py"))
    for table in _HISTORY:
        assert re.search(rf'"{table}"', migrations)
    assert "BEFORE DELETE ON st_qbo.{table}" in migrations
    kept = re.search(r"_KEPT = \((.*?)\)", migrations, re.DOTALL)
    assert kept is not None
    assert set(re.findall(r'"(\w+)"', kept[1])) | {"alerts"} == _HISTORY


def test_a_deletion_would_be_seen() -> None:
    assert _deleted_from("connection.execute(delete(intents).where(x))") == {"intents"}
    assert _deleted_from('text("DELETE FROM st_qbo.attempts")') == {"attempts"}
