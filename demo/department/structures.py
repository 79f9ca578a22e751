"""Who receives whom, where and for what: organisations, agents, categories, lieux and motifs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.hashers import make_password

from demo.department import wording
from rdv_insertion.agenda.enums import BookableBy, LocationType
from rdv_insertion.agenda.models import Lieu, Motif
from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.territory.enums import OrganisationType
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.models import Tag

PASSWORD = "demo"  # noqa: S105 - public, for made-up people, in demonstration mode only

ORGANISATIONS: Mapping[str, Mapping[str, str]] = {
    "valence": {
        "name": "Département de la Drôme – Valence",
        "organisation_type": OrganisationType.CONSEIL_DEPARTEMENTAL,
        "phone_number": "+33465710026",
        "email": "insertion.valence@demo.test",
        "sms_sender_name": "Drome",
    },
    "die": {
        "name": "Diois Insertion – Die",
        "organisation_type": OrganisationType.DELEGATAIRE_RSA,
        "phone_number": "+33465710150",
        "email": "accueil.die@demo.test",
        "sms_sender_name": "DioisInser",
    },
    "montelimar": {
        "name": "France Travail – Montélimar",
        "organisation_type": OrganisationType.FRANCE_TRAVAIL,
        "phone_number": "+33465710200",
        "email": "agence.montelimar@demo.test",
        "sms_sender_name": "FTravail26",
    },
    "romans": {
        "name": "Les Ateliers de l'Isère – Romans",
        "organisation_type": OrganisationType.SIAE,
        "phone_number": "+33465710100",
        "email": "recrutement.romans@demo.test",
        "sms_sender_name": "AteliersIS",
    },
}

# First name, last name, then the level in each organisation. The three first are the accounts of the tour.
AGENTS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "admin": ("Claire", "Morel", dict.fromkeys(ORGANISATIONS, AccessLevel.ADMIN)),
    "agent": ("Karim", "Benali", {"valence": AccessLevel.BASIC}),
    "partenaire": ("Hélène", "Faure", {"die": AccessLevel.BASIC}),
    "sophie.lambert": ("Sophie", "Lambert", {"valence": AccessLevel.ADMIN}),
    "thomas.girard": ("Thomas", "Girard", {"valence": AccessLevel.BASIC}),
    "nadia.cherif": ("Nadia", "Chérif", {"valence": AccessLevel.BASIC}),
    "julien.roche": ("Julien", "Roche", {"valence": AccessLevel.BASIC}),
    "elodie.perrin": ("Élodie", "Perrin", {"valence": AccessLevel.BASIC}),
    "marc.vidal": ("Marc", "Vidal", {"die": AccessLevel.ADMIN}),
    "amelie.chabert": ("Amélie", "Chabert", {"die": AccessLevel.BASIC}),
    "olivier.blanc": ("Olivier", "Blanc", {"montelimar": AccessLevel.ADMIN}),
    "fatou.diallo": ("Fatou", "Diallo", {"montelimar": AccessLevel.BASIC}),
    "christophe.meunier": ("Christophe", "Meunier", {"montelimar": AccessLevel.BASIC}),
    "laure.fontaine": ("Laure", "Fontaine", {"romans": AccessLevel.ADMIN}),
    "bruno.ferrand": ("Bruno", "Ferrand", {"romans": AccessLevel.BASIC}),
    "samira.haddad": ("Samira", "Haddad", {"romans": AccessLevel.BASIC}),
}

# Validity of the invitations in days (None: for ever), by organisation and category.
CONFIGURATIONS: Mapping[str, Mapping[str, int | None]] = {
    "valence": {
        "rsa_orientation": 10,
        "rsa_cer_signature": 15,
        "rsa_accompagnement": 15,
        "rsa_atelier_competences": None,
    },
    "die": {"rsa_orientation": 10, "rsa_cer_signature": 15, "rsa_accompagnement": 15},
    "montelimar": {"rsa_orientation": 10, "rsa_accompagnement": 12},
    "romans": {"siae_interview": 10},
}

# After so many days without an answer, a letter is to be printed.
LETTERS_AFTER = {("valence", "rsa_orientation"): 10}

# Organisation, name, address, how to get there.
LIEUX: Mapping[str, tuple[str, str, str, str]] = {
    "valence_centre": (
        "valence",
        "Maison du Département – Valence centre",
        "26 avenue du Président Herriot, 26000 Valence",
        "Bus Citéa, arrêt Président Herriot. Entrée de plain-pied.",
    ),
    "valence_haut": (
        "valence",
        "Centre médico-social de Valence-le-Haut",
        "4 place des Trois Croix, 26000 Valence",
        "Bus Citéa, arrêt Le Plan.",
    ),
    "romans_cms": (
        "valence",
        "Centre médico-social de Romans",
        "12 rue Magnard, 26100 Romans-sur-Isère",
        "À 5 minutes à pied de la gare.",
    ),
    "crest_cms": (
        "valence",
        "Centre médico-social de Crest",
        "6 avenue Agirond, 26400 Crest",
        "Parking gratuit devant le bâtiment.",
    ),
    "nyons_cms": (
        "valence",
        "Centre médico-social de Nyons",
        "3 avenue Paul Laurens, 26110 Nyons",
        "",
    ),
    "pierrelatte_cms": (
        "valence",
        "Centre médico-social de Pierrelatte",
        "9 avenue de la Gare, 26700 Pierrelatte",
        "En face de la gare.",
    ),
    "die_centre": (
        "die",
        "Diois Insertion – Die",
        "18 rue Camille Buffardel, 26150 Die",
        "Premier étage, sans ascenseur : prévenez-nous si besoin.",
    ),
    "crest_die": ("die", "Permanence de Crest", "2 place du Champ de Mars, 26400 Crest", ""),
    "montelimar_agence": (
        "montelimar",
        "Agence de Montélimar",
        "11 avenue du Teil, 26200 Montélimar",
        "Bus, arrêt Le Teil.",
    ),
    "nyons_permanence": ("montelimar", "Permanence de Nyons", "1 place de la Libération, 26110 Nyons", ""),
    "romans_atelier": (
        "romans",
        "Les Ateliers de l'Isère",
        "45 avenue des Allobroges, 26100 Romans-sur-Isère",
        "Sonnez à l'accueil.",
    ),
}

_OFFICE, _PHONE, _VISIO = LocationType.PUBLIC_OFFICE, LocationType.PHONE, LocationType.VISIO
# Organisation, category, name, where, minutes.
MOTIFS: Mapping[str, tuple[str, str, str, str, int]] = {
    "valence_orientation": ("valence", "rsa_orientation", "Orientation RSA", _OFFICE, 30),
    "valence_orientation_phone": ("valence", "rsa_orientation", "Orientation RSA", _PHONE, 30),
    "valence_cer": ("valence", "rsa_cer_signature", "Signature du contrat d'engagement", _OFFICE, 45),
    "valence_accompagnement": ("valence", "rsa_accompagnement", "Entretien d'accompagnement", _OFFICE, 45),
    "valence_accompagnement_visio": (
        "valence",
        "rsa_accompagnement",
        "Entretien d'accompagnement",
        _VISIO,
        30,
    ),
    "valence_convocation": ("valence", "rsa_orientation", "Convocation à l'orientation RSA", _OFFICE, 30),
    "valence_atelier": (
        "valence",
        "rsa_atelier_competences",
        "Atelier : valoriser ses compétences",
        _OFFICE,
        120,
    ),
    "die_orientation": ("die", "rsa_orientation", "Orientation RSA", _OFFICE, 45),
    "die_cer": ("die", "rsa_cer_signature", "Signature du contrat d'engagement", _OFFICE, 60),
    "die_accompagnement": ("die", "rsa_accompagnement", "Entretien d'accompagnement", _OFFICE, 45),
    "die_accompagnement_phone": ("die", "rsa_accompagnement", "Point d'étape", _PHONE, 30),
    "montelimar_orientation": ("montelimar", "rsa_orientation", "Entretien d'orientation", _OFFICE, 45),
    "montelimar_accompagnement": ("montelimar", "rsa_accompagnement", "Suivi vers l'emploi", _OFFICE, 30),
    "montelimar_accompagnement_visio": (
        "montelimar",
        "rsa_accompagnement",
        "Suivi vers l'emploi",
        _VISIO,
        30,
    ),
    "romans_entretien": ("romans", "siae_interview", "Entretien d'embauche", _OFFICE, 45),
    "romans_entretien_phone": ("romans", "siae_interview", "Premier échange", _PHONE, 20),
}
_COLLECTIVE = ("valence_atelier",)
# People are summoned by this one, by agents only.
CONVOCATION = "valence_convocation"
SEATS = 12
# The colour of each category in the agenda: dark enough for white words.
_COLORS = {
    "rsa_orientation": "#000091",
    "rsa_cer_signature": "#8D533E",
    "rsa_accompagnement": "#297254",
    "rsa_atelier_competences": "#6E445A",
    "siae_interview": "#A94645",
}

TAGS = (
    "Sans permis",
    "Parent isolé",
    "Travailleur indépendant",
    "RQTH",
    "Garde d'enfant à trouver",
    "Logement à stabiliser",
    "Français à renforcer",
    "Éloigné du numérique",
)


@dataclass
class Structures:
    """What the rest of the seed refers to, by short key."""

    department: Department
    organisations: dict[str, Organisation] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    categories: dict[str, MotifCategory] = field(default_factory=dict)
    configurations: dict[tuple[str, str], CategoryConfiguration] = field(default_factory=dict)
    lieux: dict[str, Lieu] = field(default_factory=dict)
    motifs: dict[str, Motif] = field(default_factory=dict)
    tags: list[Tag] = field(default_factory=list)

    def agents_of(self, organisation: str) -> list[Agent]:
        """Those who work in this organisation only, in the order of AGENTS."""
        return [self.agents[key] for key, (_, _, roles) in AGENTS.items() if list(roles) == [organisation]]

    def motifs_of(self, organisation: str, category: str) -> list[Motif]:
        """What one person at a time chooses to come for."""
        return [
            self.motifs[key]
            for key, (owner, about, *_) in MOTIFS.items()
            if (owner, about) == (organisation, category) and key not in (*_COLLECTIVE, CONVOCATION)
        ]

    @property
    def convocation(self) -> Motif:
        """What agents of the main organisation summon people to."""
        return self.motifs[CONVOCATION]


def create_structures() -> Structures:
    """Write the department and all that does not depend on dates: one statement a table."""
    department = Department.objects.create(
        number="26",
        name="Drôme",
        capital="Valence",
        region="Auvergne-Rhône-Alpes",
        phone_number="+33465710026",
        email="insertion@demo.test",
    )
    structures = Structures(department)
    structures.organisations = _organisations(department)
    structures.agents = _agents(structures.organisations)
    structures.categories = _categories()
    structures.configurations = _configurations(structures)
    structures.lieux = _lieux(structures.organisations)
    structures.motifs = _motifs(structures)
    structures.tags = Tag.objects.bulk_create([Tag(department=department, value=value) for value in TAGS])
    return structures


def _organisations(department: Department) -> dict[str, Organisation]:
    rows = [
        Organisation(department=department, slug=slug, **values) for slug, values in ORGANISATIONS.items()
    ]
    return {row.slug: row for row in Organisation.objects.bulk_create(rows)}


def _agents(organisations: Mapping[str, Organisation]) -> dict[str, Agent]:
    password = make_password(PASSWORD)
    rows = [
        Agent(email=f"{key}@demo.test", first_name=first_name, last_name=last_name, password=password)
        for key, (first_name, last_name, _) in AGENTS.items()
    ]
    agents = dict(zip(AGENTS, Agent.objects.bulk_create(rows), strict=True))
    AgentRole.objects.bulk_create(
        [
            AgentRole(
                agent=agents[key],
                organisation=organisations[slug],
                access_level=level,
                can_export=level == AccessLevel.ADMIN,
            )
            for key, (_, _, roles) in AGENTS.items()
            for slug, level in roles.items()
        ]
    )
    return agents


def _categories() -> dict[str, MotifCategory]:
    rows = [
        MotifCategory(position=position, **values)
        for position, values in enumerate(wording.CATEGORIES, start=1)
    ]
    return {row.short_name: row for row in MotifCategory.objects.bulk_create(rows)}


def _configurations(structures: Structures) -> dict[tuple[str, str], CategoryConfiguration]:
    rows = {
        (slug, category): CategoryConfiguration(
            organisation=structures.organisations[slug],
            motif_category=structures.categories[category],
            number_of_days_before_invitations_expire=days,
            letter_after_days=LETTERS_AFTER.get((slug, category)),
            position=position,
        )
        for slug, categories in CONFIGURATIONS.items()
        for position, (category, days) in enumerate(categories.items(), start=1)
    }
    return dict(zip(rows, CategoryConfiguration.objects.bulk_create(rows.values()), strict=True))


def _lieux(organisations: Mapping[str, Organisation]) -> dict[str, Lieu]:
    rows = [
        Lieu(organisation=organisations[slug], name=name, address=address, access=access)
        for slug, name, address, access in LIEUX.values()
    ]
    return dict(zip(LIEUX, Lieu.objects.bulk_create(rows), strict=True))


def _motifs(structures: Structures) -> dict[str, Motif]:
    rows = [
        Motif(
            organisation=structures.organisations[slug],
            motif_category=structures.categories[category],
            name=name,
            location_type=location_type,
            collective=key in _COLLECTIVE,
            max_participants_count=SEATS if key in _COLLECTIVE else None,
            color=_COLORS[category],
            duration=timedelta(minutes=minutes),
            bookable_by=BookableBy.AGENTS if key == CONVOCATION else BookableBy.INVITED,
            convocation=key == CONVOCATION,
            max_public_booking_delay=timedelta(days=60),
            restriction=wording.RESTRICTIONS.get(key, ""),
            instruction_before=wording.INSTRUCTIONS_BEFORE.get(key, ""),
            instruction=wording.INSTRUCTIONS.get(key, ""),
        )
        for key, (slug, category, name, location_type, minutes) in MOTIFS.items()
    ]
    return dict(zip(MOTIFS, Motif.objects.bulk_create(rows), strict=True))
