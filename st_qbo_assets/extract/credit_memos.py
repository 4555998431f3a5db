"""Credit memos whole: ServiceTitan lists their lines apart from them.

What belongs here: putting memos and lines together, in few calls. What does not: which memos a day has
(`documents`), what they become (mapping).
"""

from collections.abc import Iterable

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.reader import Documents
from st_qbo_assets.servicetitan.records import CreditMemo, Unreadable, parse_credit_memo


def with_items(client: Documents, memos: Iterable[CreditMemo | Unreadable]) -> list[CreditMemo | Unreadable]:
    """Return the memos with their lines, in order; a line that cannot be read makes its memo unreadable.

    A memo that cannot be read itself, or has no id, stays as it came.
    """
    found = list(memos)
    items: dict[int, list[Json]] = {memo.id: [] for memo in found if isinstance(memo, CreditMemo)}
    for row in client.credit_memo_items(memo_ids=sorted(items)) if items else ():
        memo_id = row.get("creditMemoId")
        if isinstance(memo_id, int) and memo_id in items:
            items[memo_id].append(row)
    return [
        parse_credit_memo(memo.raw, items[memo.id]) if isinstance(memo, CreditMemo) else memo
        for memo in found
    ]
