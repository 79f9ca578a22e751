"""Watched folders: files that arrive without hands."""

from rdv_insertion.imports.folders.drop_box import Unusable
from rdv_insertion.imports.folders.erasing import erase_put_away
from rdv_insertion.imports.folders.watching import (
    import_arrived,
    path_of,
    received_by,
    save_folder,
    watch,
    wishes_of,
)

__all__ = [
    "Unusable",
    "erase_put_away",
    "import_arrived",
    "path_of",
    "received_by",
    "save_folder",
    "watch",
    "wishes_of",
]
