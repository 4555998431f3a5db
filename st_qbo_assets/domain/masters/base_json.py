"""What a pair last agreed on, as the JSON the store keeps.

What belongs here: writing and reading it. What does not: what it means (`three_way`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from st_qbo_assets.domain.masters.three_way import Agreed, Base, Refused, Seen
from st_qbo_assets.domain.masters.values import Value
from st_qbo_assets.domain.outcomes import Json


def base_to_json(base: Base) -> Json:
    """Return the JSON of a base."""
    return {
        "fields": {name: list(agreed.pair) for name, agreed in sorted(base.fields.items())},
        "seen": {
            f"{name}/{system}": [seen.value, seen.at.isoformat()]
            for (name, system), seen in sorted(base.seen.items())
        },
        "chosen": dict(sorted(base.chosen.items())),
        "stamp": base.stamp.isoformat() if base.stamp else None,
        "refused": {
            system: [each.digest, each.code, each.text, each.remedy]
            for system, each in sorted(base.refused.items())
        },
    }


def base_of_json(body: Mapping[str, Any]) -> Base:
    """Return the base that was written as JSON."""
    fields: Mapping[str, Any] = body.get("fields") or {}
    seen: Mapping[str, Any] = body.get("seen") or {}
    chosen: Mapping[str, Any] = body.get("chosen") or {}
    refused: Mapping[str, Any] = body.get("refused") or {}
    return Base(
        fields={name: Agreed(_value(pair[0]), _value(pair[1])) for name, pair in fields.items()},
        seen={
            _key(name): Seen(_value(pair[0]), datetime.fromisoformat(pair[1])) for name, pair in seen.items()
        },
        chosen={name: str(id_) for name, id_ in chosen.items()},
        stamp=datetime.fromisoformat(stamp) if (stamp := body.get("stamp")) else None,
        refused={system: Refused(*map(str, each)) for system, each in refused.items()},
    )


def _key(name: str) -> tuple[str, str]:
    field, _, system = name.partition("/")
    return field, system


def _value(value: object) -> Value:
    if isinstance(value, dict):
        return {str(key): str(part) for key, part in cast(Json, value).items()}
    return str(value)
