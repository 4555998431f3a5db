"""QuickBooks Online: OAuth, the client, the table of faults, the reference lists.

What a document should look like is decided in `mapping`, whether to send it in `load`.
"""
