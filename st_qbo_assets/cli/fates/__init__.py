"""The second half of the demo: what people do to documents after they were posted, and what came of it.

What belongs here: which documents (`choosing`), what a bookkeeper does in QuickBooks (`bookkeeper`), and what
both systems hold then (`telling`). What does not: following changes, which is the same sync as ever.
"""
