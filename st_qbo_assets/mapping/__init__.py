"""Mapping: one ServiceTitan record becomes payloads, or says why not. Pure.

What belongs here: one module per entity and one per part they share (accounts, lines, tax, tracking,
text). What does not: reading records (extract), whether a link exists and what is sent (load). No
clock, network, database or environment: what a function needs is in its `Lookup`.
"""
