"""The month close: whether a month may be closed, and the lists a controller keeps with it (rule 9).

What belongs here: reading both systems for a month, the lists, the verdict, versions and their pages. What
does not: writing files and telling Dagster (orchestration). Closing itself is QuickBooks' BookCloseDate.
"""
