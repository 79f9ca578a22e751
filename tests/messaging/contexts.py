"""What the templates of mails to professionals are given, as realistic as can be."""

from typing import Any

AGENT_RDV: dict[str, Any] = {
    "heading": "Rendez-vous déplacé",
    "what": "moved",
    "done": "Déplacé",
    "author": "la personne",
    "organisation": "Conseil départemental de la Drôme",
    "title": "RSA orientation",
    "moment": "mardi 3 mars 2026 à 9 h 30",
    "former_moment": "lundi 2 mars 2026 à 10 h",
    "place": ["Centre médico-social de l'Hôtel-Dieu, 12 rue de la République, 26000 Valence"],
    "access": "",
    "colleagues": ["Aïcha N'DIAYE"],
    "link": "https://rdv-insertion.fr/rdvs/12/",
    "account_link": "https://rdv-insertion.fr/compte/",
    "help_phone": "",
}

# To the organisation that receives; `to_prescriber` says that it is for the agent who took it.
PRESCRIPTION: dict[str, Any] = {
    "to_prescriber": False,
    "person": "Maïa N.",
    "prescriber": "Bob Admin",
    "prescriber_organisation": "France Travail de Die",
    "organisation": "Conseil départemental de la Drôme",
    "title": "RSA orientation",
    "moment": "mardi 3 mars 2026 à 9 h 30",
    "place": ["Centre médico-social de l'Hôtel-Dieu", "12 rue de la République, 26000 Valence"],
    "access": "Bus 5, arrêt Gare",
    "link": "https://rdv-insertion.fr/rdvs/12/",
    "help_phone": "04 75 00 00 00",
}

# To the organisation: `link` is where plages are opened.
NO_SLOT: dict[str, Any] = {
    "count": 3,
    "category": "RSA orientation d'accueil",
    "organisation": "Conseil départemental de la Drôme",
    "link": "https://rdv-insertion.fr/organisations/cd-drome/plages/",
    "help_phone": "",
}

# To a colleague who may open plages.
SLOT_REQUEST: dict[str, Any] = {
    "asked_by": "Alice Agent",
    "waiting": 34,
    "free": 12,
    "category": "RSA orientation d'accueil",
    "organisation": "Conseil départemental de la Drôme",
    "link": "https://rdv-insertion.fr/plages/",
    "help_phone": "",
}

BLOCKED_PEOPLE: dict[str, Any] = {
    "count": 3,
    "invited": 12,
    "towns": [("26150 Die", 2), ("", 1)],
    "referents": [("Rose D'Arc", 2)],
    "without_referent": 1,
    "category": "RSA orientation d'accueil",
    "organisation": "Conseil départemental de la Drôme",
    "link": "https://rdv-insertion.fr/plages/",
    "help_phone": "",
}

# To whom a watched folder reports: sentences and figures, never a person.
IMPORT_RESULT: dict[str, Any] = {
    "subject": "Fichier importé : flux d'avril.xml (3 personnes créées)",
    "title": "Le fichier « flux d'avril.xml » est importé",
    "sentences": ["Flux quotidien du 5 mars 2026, importé dans Conseil départemental de la Drôme."],
    "figures": [("Personnes créées", 3), ("Lignes refusées", 1)],
    "to_do": ["Corrigez les lignes refusées."],
    "link_label": "Voir cet import",
    "link": "https://rdv-insertion.fr/imports/12/",
    "organisation": "Conseil départemental de la Drôme",
    "help_phone": "",
}
