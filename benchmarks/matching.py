"""Matching 20,000 customers of one side with 20,000 of the other: `python -m benchmarks.matching`.

What belongs here: made-up customers of which most are the same person written differently, the time their
matching takes and the process's peak memory. What does not: reading them from a vendor.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from typing import Any

from st_qbo_assets.load.candidates import Candidates
from st_qbo_assets.load.matching import Card, card_of, match_customer

_FIRST = [
    "Ada",
    "Ben",
    "Cora",
    "Dan",
    "Eva",
    "Finn",
    "Gwen",
    "Hugo",
    "Iris",
    "Jack",
    "Kate",
    "Liam",
    "Mona",
    "Noah",
    "Olga",
    "Paul",
    "Rosa",
    "Sam",
    "Tara",
    "Walt",
]
_LAST = [
    "Heron", "Stork", "Crane", "Swift", "Finch", "Wren", "Lark", "Robin",
    "Jay", "Kite", "Falcon", "Quail", "Dove", "Raven", "Tern", "Plover",
]  # fmt: skip
_STREETS = ["Elm", "Oak", "Pine", "Cedar", "Maple", "Birch", "Ash", "Willow", "Spruce", "Laurel"]
Json = dict[str, Any]


def people(count: int, seed: int = 7) -> list[Json]:
    """Return customers as QuickBooks writes them, names not unique but for a third word."""
    chance = random.Random(seed)
    found: list[Json] = []
    for number in range(count):
        middle = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)).title()
        given, family = chance.choice(_FIRST), f"{chance.choice(_LAST)}{middle}"
        found.append(
            {
                "Id": str(number + 1),
                "DisplayName": f"{given} {family}",
                "GivenName": given,
                "FamilyName": family,
                "PrimaryEmailAddr": {"Address": f"{given}.{family}.{number}@example.org".lower()},
                "PrimaryPhone": {"FreeFormNumber": f"512{number:07d}"},
                "BillAddr": {
                    "Line1": f"{number} {chance.choice(_STREETS)} Street",
                    "City": "Austin",
                    "PostalCode": f"{78700 + number % 60}",
                },
            }
        )
    return found


def as_servicetitan(person: Json, chance: random.Random) -> Json:
    """Return the same person as another office wrote her: turned round, with a slip, or with less known."""
    kind = chance.random()
    body = {**person, "Id": "", "DisplayName": f"{person['FamilyName']}, {person['GivenName']}"}
    if kind < 0.1:
        name = person["FamilyName"]
        body["DisplayName"] = f"{name[:-1]}, {person['GivenName']}"
        body["FamilyName"] = name[:-1]
    elif kind < 0.2:
        body.pop("PrimaryEmailAddr")
        body.pop("PrimaryPhone")
        body.pop("BillAddr")
    elif kind < 0.3:
        body = {"DisplayName": f"New {person['Id']} Customer{person['Id']}"}
    return body


def measure(count: int) -> Json:
    """Match everybody and return counts, seconds and peak memory."""
    chance = random.Random(11)
    stored = people(count)
    wanted = [as_servicetitan(person, chance) for person in stored]
    began = time.monotonic()
    index = Candidates(card_of(row) for row in stored)
    cards: list[Card] = [card_of(row) for row in wanted]
    kinds = Counter(
        match_customer(card, likely).kind.value
        for card, likely in zip(cards, index.likely(cards), strict=True)
    )
    return {
        "customers": count,
        "seconds": round(time.monotonic() - began, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "verdicts": dict(kinds),
    }


def main() -> None:
    """Print the measure as JSON; end with status 1 above 60 s or 500 MB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    found = measure(parser.parse_args().customers)
    print(json.dumps(found))
    sys.exit(int(found["seconds"] > 60 or found["peak_mb"] > 500))


if __name__ == "__main__":
    main()
