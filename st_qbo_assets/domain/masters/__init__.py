"""Customers and vendors as two systems show them, and what has to travel between the two.

What belongs here: the table of fields, values of either side that can be compared, and the three-way
decision over them (rules 7.1–7.6). Pure and on plain JSON: the mapping shows what would travel, the load
decides again under its lock, and both must come to the same. What does not: reading, writing, matching.
"""
