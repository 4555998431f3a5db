"""Dagster: assets, partitions, checks, schedules, sensors, storage.

Only this package, `components`, `defs` and `definitions` import Dagster. It joins the stages
(extract, mapping, load, books), which do not import each other; it decides nothing about a document.
"""
