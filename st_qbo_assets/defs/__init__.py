"""Companies: one folder each, with `defs.yaml` and `links.csv`; `shared.py` holds what they share."""
