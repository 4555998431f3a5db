"""The books: both systems compared to the cent, and every difference named.

What belongs here: reading documents of either product into comparable values, pairing them, the
table of causes, the figures and the verdict of a day, the duplicate sweep, and, as data and as
functions over small protocols, what has to be read for all that. What does not: clients, the ledger,
Dagster. Nothing here looks at what the mapping made or the load stored, so that a fault of theirs
shows (rule 6.1).
"""
