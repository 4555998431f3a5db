"""HTTP as both clients use it: sessions, timeouts, retries, rate budgets, redaction.

It knows HTTP and neither vendor; what an answer means is decided in `servicetitan` and `quickbooks`.
"""
