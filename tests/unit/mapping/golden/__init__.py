"""Golden files: one folder a case, `input.json` and `expected.json`.

`python -m tests.unit.mapping.golden` writes every `expected.json` anew; a reviewer reads the difference.
"""
