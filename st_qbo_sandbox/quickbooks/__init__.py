"""QuickBooks Online over HTTP: the accounting half of the sandbox.

Belongs here: what Intuit's Accounting API and sign-in do, written from the QuickBooks reference. Does not
belong here: anything of the product, and the `/_sandbox/` controls around both halves.
"""

from st_qbo_sandbox.quickbooks.half import QuickBooks

__all__ = ["QuickBooks"]
