"""Where the data is: the server that `DATABASE_URL` names, else an embedded one."""

from pathlib import Path
from typing import Any

from environs import Env

from rdv_insertion.kernel import embedded_database


def database(env: Env, embedded_folder: Path) -> dict[str, Any]:
    """Django's description of the database; starts the embedded server when no other is named."""
    if not env.str("DATABASE_URL", ""):
        url = embedded_database.start(embedded_folder)
        return dict(env.dj_db_url("EMBEDDED_DATABASE_URL", url))
    return dict(env.dj_db_url("DATABASE_URL"))
