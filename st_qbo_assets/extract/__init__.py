"""Extracting: what to ask ServiceTitan for a day or a range, and how its records are laid out.

What belongs here: windows, days, references between records, what changed since a mark, and the
columns of each frame. What does not: how ServiceTitan is spoken to (servicetitan), what a record
becomes (mapping), DataFrames and files (orchestration).
"""
