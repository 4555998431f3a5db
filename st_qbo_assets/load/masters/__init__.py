"""Bringing customers and vendors of both systems to agree (rules 7.1–7.6).

What belongs here: reading both sides of a pair, deciding again under its lock, writing to either system
with the ledger, creating what QuickBooks alone has. What does not: the decision itself
(`domain.masters`), and what has no QuickBooks object yet, which the load of the day creates or links
(`load.day`).
"""
