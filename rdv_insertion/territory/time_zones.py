"""The clocks of each department: Paris, except overseas."""

from zoneinfo import ZoneInfo

from rdv_insertion.kernel.dates import PARIS

_OVERSEAS = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}


def of_department(number: str) -> ZoneInfo:
    """The time zone of the department with this number (`26`, `974`)."""
    name = _OVERSEAS.get(number)
    return ZoneInfo(name) if name else PARIS
