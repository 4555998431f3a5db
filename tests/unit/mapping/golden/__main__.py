"""Write every expected.json anew."""

from tests.unit.mapping.golden.cases_on_disk import CASES, as_text, map_case

for case in CASES:
    (case / "expected.json").write_text(as_text(map_case(case)))
