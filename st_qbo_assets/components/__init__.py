"""Dagster components: `CompanySync` turns a company file into its definitions."""

from st_qbo_assets.components.company_sync import CompanySync

__all__ = ["CompanySync"]
