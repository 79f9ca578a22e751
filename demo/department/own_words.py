"""What the organisation of Valence says in its own way: words, letterhead, and how many SMS it pays for."""

from datetime import datetime, time

from demo.department.history import working_moment
from demo.department.structures import Structures
from demo.department.wording import OWN_WORDS
from rdv_insertion.followups.models import Wording
from rdv_insertion.messaging.models import SmsBudget
from rdv_insertion.messaging.services.identity import Presentation, configuration_from

_SLUG, _CATEGORY = "valence", "rsa_orientation"
# Before the first message of the demonstration, which says these words already.
_DAYS_AGO = (95, 85)
_SEGMENTS_A_MONTH = 1_000
_PRESENTATION = Presentation(
    letter_sender_name="Conseil départemental de la Drôme",
    sender_city="Valence",
    direction_names=("Direction des solidarités", "Service insertion de Valence"),
    signature_lines=("Claire Morel", "Responsable du service insertion"),
    help_address="26 avenue du Président Herriot, 26000 Valence",
)


def create_own_words(structures: Structures, *, now: datetime) -> None:
    """Write two versions of the words of a category, one of the letterhead, and the budget of SMS."""
    organisation, admin = structures.organisations[_SLUG], structures.agents["admin"]
    Wording.objects.bulk_create(
        Wording(
            organisation=organisation,
            motif_category=structures.categories[_CATEGORY],
            version=version,
            created_at=working_moment(now, days, time(14, 10)),
            created_by=admin,
            **words,
        )
        for version, (days, words) in enumerate(zip(_DAYS_AGO, OWN_WORDS, strict=True), start=1)
    )
    presented = configuration_from(organisation, _PRESENTATION, version=1)
    presented.created_at, presented.created_by = working_moment(now, _DAYS_AGO[0], time(14, 30)), admin
    presented.save()
    SmsBudget.objects.create(organisation=organisation, segments_a_month=_SEGMENTS_A_MONTH)
