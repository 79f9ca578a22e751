"""What the texts are given, as realistic as can be."""

from typing import Any

INVITATION: dict[str, Any] = {
    "person": "Madame Maïa N'DIAYE",
    "title": "rendez-vous d'orientation",
    "subject": "RSA",
    "purpose": "démarrer un parcours d'accompagnement",
    "designation": "bénéficiaire du RSA",
    "mandatory": True,
    "organisation": "Conseil départemental de la Drôme",
    "department": "Drôme",
    "link": "https://rdv-insertion.fr/r/ABCDEFGH",
    "code": "ABCD EFGH",
    "typing_page": "rdv-insertion.fr/invitation",
    "days_left": 10,
    "last_day": "vendredi 13 mars 2026",
    "help_phone": "04 75 00 00 00",
}

RDV: dict[str, Any] = {
    "person": "Madame Maïa N'DIAYE",
    "organisation": "Conseil départemental de la Drôme",
    "title": "rendez-vous d'orientation",
    "subject": "RSA",
    "moment": "mardi 3 mars 2026 à 9 h 30",
    "short_moment": "03/03/2026 à 9 h 30",
    "place": ["Centre médico-social de l'Hôtel-Dieu", "12 rue de la République, 26000 Valence"],
    "access": "Bus 5, arrêt Gare",
    "link": "https://rdv-insertion.fr/rdv/ABCDEFGH",
    "help_phone": "04 75 00 00 00",
    "what_to_bring": "une pièce d'identité et un justificatif d'adresse",
    "instruction": "Venez 5 minutes avant l'heure.",
    "mandatory": True,
}
