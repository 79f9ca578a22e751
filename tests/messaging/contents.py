"""Contents of messages to people, as realistic as can be; anything may be given otherwise."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from rdv_insertion.kernel.dates import PARIS
from rdv_insertion.messaging.texts import Addressee, EarlierSlotContent, InvitationContent, RdvContent
from rdv_insertion.messaging.texts.words import Words

WOMAN = Addressee("Maïa", "N'Diaye", "madame")
MAN = Addressee("Jean-Noël", "Petit", "monsieur")
SOMEBODY = Addressee("Camille", "Dupont", None)
PHONE = "04 75 00 00 00"
PLACES = ("public_office", "phone", "visio", "home")

WORDS = Words(
    title="rendez-vous d'orientation",
    title_by_phone="rendez-vous d'orientation par téléphone",
    subject="RSA",
    purpose="démarrer un parcours d'accompagnement",
    designation="bénéficiaire du RSA",
    mandatory=True,
    punishable_warning="votre RSA peut être réduit ou suspendu",
    what_to_bring="une pièce d'identité et un justificatif d'adresse",
)
ATELIER = Words(
    model="atelier",
    title="atelier compétences",
    title_by_phone="atelier par téléphone",
    subject="compétences",
    purpose="trouver vos points forts et apprendre à en parler",
)
PHONE_PLATFORM = replace(WORDS, model="phone_platform")
ENFANTS_ADOS = replace(
    WORDS,
    model="atelier_enfants_ados",
    title="atelier enfants et ados",
    subject="enfants et ados",
    designation="",
    purpose="",
    custom_sentence="Un goûter est offert à tous",
)
MODELS = {
    "standard": WORDS,
    "atelier": ATELIER,
    "phone_platform": PHONE_PLATFORM,
    "atelier_enfants_ados": ENFANTS_ADOS,
}

PLACE = ("Centre médico-social de l'Hôtel-Dieu", "12 rue de la République, 26000 Valence")
STARTS_AT = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)  # 9:30 in Paris


def invitation(**changes: Any) -> InvitationContent:
    """An invitation to choose a date before Friday 13 March 2026."""
    values: dict[str, Any] = {
        "addressee": WOMAN,
        "words": WORDS,
        "organisation": "Conseil départemental de la Drôme",
        "department": "Drôme",
        "link": "https://rdv-insertion.fr/r/ABCDEFGH",
        "code": "ABCD EFGH",
        "typing_page": "rdv-insertion.fr/invitation",
        "days_left": 10,
        "last_day": date(2026, 3, 13),
        "help_phone": PHONE,
    }
    return InvitationContent(**{**values, **changes})


def rdv(**changes: Any) -> RdvContent:
    """A rdv on Tuesday 3 March 2026 at 9:30, just set."""
    return RdvContent(**{"event": "created", **_RDV, **changes})


def earlier_slot(**changes: Any) -> EarlierSlotContent:
    """That rdv instead of the one they have on Thursday 12 March at 14:00, kept until 14:10."""
    values = {
        **_RDV,
        "link": "https://rdv-insertion.fr/rdv/ABCDEFGH/plus-tot",
        "current_starts_at": datetime(2026, 3, 12, 13, tzinfo=UTC),
        "answer_before": datetime(2026, 3, 2, 13, 10, tzinfo=UTC),
    }
    return EarlierSlotContent(**{**values, **changes})


_RDV: dict[str, Any] = {
    "location_type": "public_office",
    "addressee": WOMAN,
    "words": WORDS,
    "title": "rendez-vous d'orientation",
    "organisation": "Conseil départemental de la Drôme",
    "starts_at": STARTS_AT,
    "zone": PARIS,
    "place": PLACE,
    "access": "Bus 5, arrêt Gare",
    "visio_url": "https://webconf.numerique.gouv.fr/a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "phone_number": "06 12 00 00 00",
    "link": "https://rdv-insertion.fr/rdv/ABCDEFGH",
    "help_phone": PHONE,
    "what_to_bring": "une pièce d'identité et un justificatif d'adresse",
    "instruction": "Venez 5 minutes avant l'heure.",
}
