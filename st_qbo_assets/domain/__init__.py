"""Values of the integration: money, days, ids, company policy, outcomes and errors.

Everything here is pure: no clock, no network, no database, no environment. It knows neither
vendor's client and is imported by every other layer.
"""
