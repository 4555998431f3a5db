"""The note of a bill that ServiceTitan holds back from being paid.

What belongs here: what we write into a stored note, and take out of it again, without touching what people
wrote there. What does not: whether a bill is on hold (mapping), and sending. Pure.
"""

from st_qbo_assets.domain.ids import ON_HOLD


def note_on_hold(ours: str, stored: str) -> str:
    """Return a stored note that says a bill is on hold, or no longer, as ours does."""
    bare = stored.replace(ON_HOLD, "")
    if not ours.endswith(ON_HOLD):
        return bare
    plain = ours.removesuffix(ON_HOLD)
    return bare.replace(plain, ours, 1) if plain in bare else f"{ours} {bare}".strip()
