"""The code location: loads the companies under `defs/`, and nothing else."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of all companies."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
