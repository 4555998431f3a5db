"""ServiceTitan: authentication, lists and export feeds, lenient records.

It reads only. What a record becomes in QuickBooks is decided in `mapping`, what to ask for in `extract`.
"""
