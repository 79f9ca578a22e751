"""People and agendas by the thousand, written in bulk: realistic, deterministic, quick."""

import hashlib
from datetime import date, datetime, time, timedelta

from stdnum.fr import nir as nir_standard

from rdv_insertion.agenda.enums import BookableBy
from rdv_insertion.agenda.models import Lieu, Motif, PlageOuverture, Rdv, RdvAgent
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import MotifCategoryType
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.codes import new_code
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.territory.enums import OrganisationType
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.enums import CreatedThrough, Role, Title
from rdv_insertion.usagers.models import Usager, UsagerOrganisation

LAST_NAMES = (
    "Martin",
    "Bernard",
    "Traoré",
    "Nguyen",
    "Lefèvre",
    "Benali",
    "Moreau",
    "Foïs",
    "Roux",
    "Garcia",
)
FIRST_NAMES = ("Marina", "Karim", "Aïcha", "Jean-Paul", "Élodie", "Mohamed", "Zoé", "Loïc", "Mariam", "Théo")


_DEPARTMENTS = {"01": ("Ain", "Bourg-en-Bresse"), "26": ("Drôme", "Valence")}


def an_organisation(number: int = 0, department_number: str = "26") -> Organisation:
    """A conseil départemental, of the Drôme unless told."""
    name, capital = _DEPARTMENTS[department_number]
    department, _ = Department.objects.get_or_create(
        number=department_number,
        defaults={"name": name, "capital": capital, "region": "Auvergne-Rhône-Alpes"},
    )
    return Organisation.objects.create(
        department=department,
        name=f"Conseil départemental {number}",
        slug=f"cd-{number}",
        organisation_type=OrganisationType.CONSEIL_DEPARTEMENTAL,
        phone_number="+33475000000",
    )


def a_configuration(organisation: Organisation) -> CategoryConfiguration:
    """RSA orientation in this organisation."""
    category, _ = MotifCategory.objects.get_or_create(
        short_name="rsa_orientation",
        defaults={
            "name": "RSA orientation",
            "motif_category_type": MotifCategoryType.RSA_ORIENTATION,
            "rdv_title": "rendez-vous d'orientation",
            "rdv_title_by_phone": "rendez-vous d'orientation téléphonique",
            "rdv_subject": "RSA",
            "rdv_purpose": "démarrer un parcours d'accompagnement",
            "user_designation": "bénéficiaire du RSA",
            "is_mandatory": True,
        },
    )
    return CategoryConfiguration.objects.create(organisation=organisation, motif_category=category)


def people(organisation: Organisation, count: int, *, since: int = 0, now: datetime) -> list[Usager]:
    """People whom the organisation follows, each with every identifier, written."""
    usagers = [_person(organisation, number, now) for number in range(since, since + count)]
    for usager in usagers:
        usager.index()
    Usager.objects.bulk_create(usagers, batch_size=2_000)
    UsagerOrganisation.objects.bulk_create(
        [UsagerOrganisation(usager=one, organisation=organisation, created_at=now) for one in usagers],
        batch_size=5_000,
    )
    return usagers


def _person(organisation: Organisation, number: int, now: datetime) -> Usager:
    birth_date = date(1960, 1, 1) + timedelta(days=number * 7 % 15_000)
    return Usager(
        department=organisation.department,
        title=Title.MADAME,
        last_name=last_name(number),
        first_name=FIRST_NAMES[number // 10 % 10],
        birth_date=birth_date,
        role=Role.DEMANDEUR,
        affiliation_number=f"{1_000_000 + number}",
        nir=a_nir(number, birth_date),
        department_internal_id=f"26-{number}",
        email=f"personne{number}@courriel.test",
        phone_number=f"+336{12_000_000 + number}",
        address=f"{number % 90 + 1} rue de la République 26000 Valence",
        created_through=CreatedThrough.UPLOAD_PAGE,
        created_at=now,
        updated_at=now,
    )


def last_name(number: int) -> str:
    """One of the usual names, with letters of its own: no two people look alike."""
    own = hashlib.sha256(str(number).encode()).digest()[:8]
    letters = "".join(chr(ord("a") + byte % 26) for byte in own).capitalize()
    return f"{LAST_NAMES[number % 10]} {letters}"


def a_nir(number: int, birth_date: date) -> str:
    """A woman's NIR with its key, one a number up to a million."""
    digits = f"2{birth_date:%y%m}26{number // 1000 % 1000:03d}{number % 1000:03d}"
    return str(digits + nir_standard.calc_check_digits(digits))


def follow_ups(
    usagers: list[Usager], configuration: CategoryConfiguration, *, now: datetime
) -> list[FollowUp]:
    """A follow-up for each person, written."""
    return FollowUp.objects.bulk_create(
        [
            FollowUp(usager=one, motif_category=configuration.motif_category, created_at=now)
            for one in usagers
        ],
        batch_size=5_000,
    )


def an_invitation(follow_up: FollowUp, *, now: datetime) -> Invitation:
    """An invitation by SMS of this person, valid ten days, with a code of its own; not written."""
    return Invitation(
        follow_up=follow_up,
        organisation_id=follow_up.usager.memberships.values_list("organisation_id", flat=True)[0],
        channel=Channel.SMS,
        code=new_code(),
        expires_at=now + timedelta(days=10),
        help_phone_number="+33475000000",
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        created_at=now,
    )


def an_agenda(configuration: CategoryConfiguration, agents: int, *, now: datetime) -> Motif:
    """Agents at ten places, every working day from 9:00 to 12:00 for a year already, half of whose slots of
    the next weeks are taken; returns their motif."""
    organisation = configuration.organisation
    motif = Motif.objects.create(
        organisation=organisation,
        motif_category=configuration.motif_category,
        name=f"RSA orientation {agents}",
        bookable_by=BookableBy.EVERYONE,
    )
    lieux = Lieu.objects.bulk_create(
        [Lieu(organisation=organisation, name=f"Maison {n}", address="26000 Valence") for n in range(10)]
    )
    team = Agent.objects.bulk_create(
        [
            Agent(email=f"agent-{organisation.slug}-{n}@drome.test", first_name="A", last_name=str(n))
            for n in range(agents)
        ]
    )
    plages = PlageOuverture.objects.bulk_create(
        [
            PlageOuverture(
                agent=agent,
                organisation=organisation,
                lieu=lieux[number % 10],
                title="Permanence",
                first_day=dates.today(now) - timedelta(days=365 + number % 7),
                start_time=time(9),
                end_time=time(12),
                recurrence="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            )
            for number, agent in enumerate(team)
        ]
    )
    through = PlageOuverture.motifs.through
    through.objects.bulk_create([through(plageouverture=plage, motif=motif) for plage in plages])
    _half_full(motif, plages, now)
    return motif


def _half_full(motif: Motif, plages: list[PlageOuverture], now: datetime) -> None:
    """Every other slot of each of the next sixty days is taken."""
    days = [dates.today(now) + timedelta(days=number) for number in range(1, 61)]
    rdvs = [
        (plage, dates.at(day, time(hour), dates.PARIS))
        for plage in plages
        for day in days
        if day.weekday() < 5
        for hour in (9, 10, 11)
    ]
    rows = Rdv.objects.bulk_create(
        [
            Rdv(
                organisation=motif.organisation,
                motif=motif,
                lieu=plage.lieu,
                starts_at=start,
                ends_at=start + motif.duration,
                created_by="user",
                created_at=now,
                scheduled_at=now,
            )
            for plage, start in rdvs
        ],
        batch_size=5_000,
    )
    RdvAgent.objects.bulk_create(
        [
            RdvAgent(
                rdv=rdv,
                agent_id=plage.agent_id,
                starts_at=rdv.starts_at,
                ends_at=rdv.ends_at,
                busy=True,
                overbooked=False,
            )
            for rdv, (plage, _) in zip(rows, rdvs, strict=True)
        ],
        batch_size=5_000,
    )
