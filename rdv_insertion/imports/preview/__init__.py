"""What each row of a file would do, before anything is written."""

from rdv_insertion.imports.preview.build import FEW, build, check_again, erase_waiting, header_of

__all__ = ["FEW", "build", "check_again", "erase_waiting", "header_of"]
