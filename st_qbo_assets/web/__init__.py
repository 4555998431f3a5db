"""The web part: receives webhooks, shows the Connect pages, says whether it lives.

What belongs here: HTTP. What does not: what an event means (`servicetitan.webhooks`, `quickbooks.webhooks`),
the inbox (`store`), connecting (`connecting`), and any work on a document. It never loads Dagster.
"""
