"""Telling people what needs them: what is wrong now, in which words, to whom.

What belongs here: conditions, words, sending. What does not: deciding anything about a record, and Dagster,
whose failed runs are handed in (orchestration).
"""
