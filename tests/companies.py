"""The shipped company as most tests want it."""

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.company import CompanyFile


def seller(name: str = "demo") -> CompanyFile:
    """The shipped company without its buying side, which only costs time where nothing is said of it."""
    return read_company(name).company.model_copy(update={"bill_source": None})
