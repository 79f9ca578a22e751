"""What is kept in versions: a new row each time it is saved, the last one holds."""

from typing import Any


class SavedMeanwhile(Exception):
    """Somebody saved a version since the one that was read; `latest` is theirs."""

    def __init__(self, latest: Any) -> None:
        super().__init__(latest.version)
        self.latest = latest
