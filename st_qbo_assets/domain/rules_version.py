"""The version of the mapping's rules.

What belongs here: one number, kept with everything that is written, so that the ledger tells by which
rules a payload was made. What does not: the rules themselves, which stand in the modules that cite them.
"""

#: Raised by one whenever the same record and company file would give another payload.
RULES_VERSION = 2
