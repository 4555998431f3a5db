"""The ServiceTitan half: accounting, CRM, inventory, pricebook, jobs and settings of one tenant.

Belongs here: how ServiceTitan behaves, from its reference. Does not belong here: anything of QuickBooks, or
the core's work (log, faults, transport).
"""

from st_qbo_sandbox.servicetitan.half import ServiceTitan

__all__ = ["ServiceTitan"]
