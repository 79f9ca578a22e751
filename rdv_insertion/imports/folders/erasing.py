"""Files that were put away hold as much of people as the imports they became: they go at the same time."""

from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings

from rdv_insertion.imports.folders.drop_box import Unusable, open_drop_box
from rdv_insertion.imports.folders.watching import path_of
from rdv_insertion.imports.models import KEPT, WatchedFolder

logger = structlog.get_logger(__name__)


def erase_put_away(*, now: datetime) -> int:
    """Erase what was put away longer ago than imports are kept (`KEPT`); how many files.

    In the folders that are not watched any more too. One that the disk refuses is left for the next night.
    """
    if not settings.IMPORT_FOLDERS:
        return 0
    folders = WatchedFolder.objects.select_related("organisation").order_by("pk")
    return sum(_erase(folder, now) for folder in folders if _exists(folder))


def _exists(folder: WatchedFolder) -> bool:
    """Looking for old files makes no folder for who never had one."""
    path = path_of(folder.organisation)
    return path is not None and path.is_dir()


def _erase(folder: WatchedFolder, now: datetime) -> int:
    try:
        with open_drop_box(Path(settings.IMPORT_FOLDERS), folder.organisation.slug) as box:
            return box.erase_put_away(before=now - KEPT)
    except Unusable as error:
        logger.warning("import_folder_not_erased", organisation_id=folder.organisation_id, error=error.code)
        return 0
