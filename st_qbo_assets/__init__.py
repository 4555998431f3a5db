"""ServiceTitan → QuickBooks Online, as a Dagster project.

The packages below are layers; imports go down only (see docs/architecture.md). Nothing is
imported here, so that importing one layer never costs another.
"""
