"""Realistic rows for tests: deterministic, French, coherent with one another.

Moments are relative to the real clock, because pages and jobs read it; tests of rules pass their own
`now` and their own moments. Facts of follow-ups are told as the product tells them, so that a status
computed from these rows is the true one.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory, Password
from stdnum.fr import nir as nir_standard

from rdv_insertion.agenda import public_holidays
from rdv_insertion.agenda.enums import BookableBy, CreatedBy, LocationType
from rdv_insertion.agenda.facts import tell_follow_ups
from rdv_insertion.agenda.models import Absence, Lieu, Motif, Participation, PlageOuverture, Rdv, RdvAgent
from rdv_insertion.agents.enums import AccessLevel
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.followups.enums import MotifCategoryType, ParticipationStatus
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.followups.services import record_invitations
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.kernel import codes, dates
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.territory.enums import OrganisationType
from rdv_insertion.territory.models import Department, Organisation
from rdv_insertion.usagers.enums import CreatedThrough, Role, Title
from rdv_insertion.usagers.models import Tag, Usager, UsagerOrganisation

PASSWORD = "demo"
_WOMEN = ("Marina", "Aïcha", "Élodie", "Jeanne", "Françoise", "Noémie", "Zoé", "Mariam", "Solène", "Inès")
_MEN = ("Karim", "Jean-Paul", "Loïc", "Étienne", "Mohamed", "Rémi", "Benoît", "Théo", "Gaël", "Ousmane")
_LAST_NAMES = (
    "Foïs", "Martin", "N'Diaye", "Lefèvre", "De La Tour", "Benali", "Garçon", "Dupré-Vidal", "Œuvrard",
    "Moreau", "Nguyen", "Béranger", "Traoré", "Chevallier", "Roux", "Marchand", "Pérez",
)  # fmt: skip
_TOWNS = ("26000 Valence", "26200 Montélimar", "26150 Die", "26100 Romans-sur-Isère", "26400 Crest")


def valid_nir(number: int, *, title: str = Title.MADAME, birth_date: date = date(1985, 4, 3)) -> str:
    """A NIR with its key, coherent with this title and birth date."""
    sex = "1" if title == Title.MONSIEUR else "2"
    digits = f"{sex}{birth_date:%y%m}26{number // 999 % 990 + 1:03d}{number % 999 + 1:03d}"
    return digits + nir_standard.calc_check_digits(digits)


def next_weekday(moment: datetime, clock: time = time(10), zone: Any = dates.PARIS) -> datetime:
    """The first working day after the day of `moment`, at `clock` in `zone`, as a UTC moment."""
    day = moment.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() > 4 or public_holidays.between("26", day, day):
        day += timedelta(days=1)
    return dates.at(day, clock, zone).astimezone(UTC)


class DepartmentFactory(DjangoModelFactory[Department]):
    """The Drôme unless said otherwise; one row a number."""

    class Meta:
        model = Department
        django_get_or_create = ("number",)

    number = "26"
    name = "Drôme"
    capital = "Valence"
    region = "Auvergne-Rhône-Alpes"
    phone_number = "+33475792626"
    email = "rsa@drome.test"

    class Params:
        isere = factory.Trait(number="38", name="Isère", capital="Grenoble")
        bas_rhin = factory.Trait(number="67", name="Bas-Rhin", capital="Strasbourg", region="Grand Est")
        reunion = factory.Trait(number="974", name="La Réunion", capital="Saint-Denis", region="La Réunion")


class OrganisationFactory(DjangoModelFactory[Organisation]):
    """A conseil départemental; traits for the other types, and `archived`."""

    class Meta:
        model = Organisation

    department = factory.SubFactory(DepartmentFactory)
    name = factory.Sequence(lambda n: f"Plateforme d'insertion n° {n}")
    slug = factory.Sequence(lambda n: f"plateforme-{n}")
    organisation_type = OrganisationType.CONSEIL_DEPARTEMENTAL
    phone_number = "+33475000000"
    email = factory.LazyAttribute(lambda o: f"{o.slug}@drome.test")

    class Params:
        delegataire = factory.Trait(organisation_type=OrganisationType.DELEGATAIRE_RSA)
        france_travail = factory.Trait(organisation_type=OrganisationType.FRANCE_TRAVAIL)
        siae = factory.Trait(organisation_type=OrganisationType.SIAE)
        autre = factory.Trait(organisation_type=OrganisationType.AUTRE)
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))


class AgentFactory(DjangoModelFactory[Agent]):
    """An agent with the password `demo`; `organisation=` gives them a role, `admin=True` the higher one."""

    class Meta:
        model = Agent
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"agent-{n}@drome.test")
    first_name = factory.Sequence(lambda n: (_WOMEN + _MEN)[n % 20])
    last_name = factory.Sequence(lambda n: _LAST_NAMES[n % 17])
    password = Password(PASSWORD)

    @classmethod
    def _create(cls, model_class: type[Agent], *args: Any, **kwargs: Any) -> Agent:
        organisation = kwargs.pop("organisation", None)
        admin, can_export = kwargs.pop("admin", False), kwargs.pop("can_export", False)
        agent = super()._create(model_class, *args, **kwargs)
        if organisation is not None:
            level = AccessLevel.ADMIN if admin else AccessLevel.BASIC
            AgentRoleFactory(
                agent=agent, organisation=organisation, access_level=level, can_export=can_export
            )
        return agent


class AgentRoleFactory(DjangoModelFactory[AgentRole]):
    """A further organisation for an agent."""

    class Meta:
        model = AgentRole

    agent = factory.SubFactory(AgentFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    access_level = AccessLevel.BASIC


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    department = factory.SubFactory(DepartmentFactory)
    value = factory.Sequence(lambda n: f"Priorité {n}")


class UsagerFactory(DjangoModelFactory[Usager]):
    """A person with every identifier; `organisation=` follows them, `archived=True` there as an archive.

    Traits: `man`, `unreachable` (neither phone, mail nor address), `landline`, `without_keys`
    (names and birth date only, as rows older than the rule may be).
    """

    class Meta:
        model = Usager

    department = factory.SubFactory(DepartmentFactory)
    title = Title.MADAME
    last_name = factory.Sequence(lambda n: _LAST_NAMES[n % 17])
    first_name = factory.Sequence(lambda n: _WOMEN[n % 10])
    birth_date = factory.Sequence(lambda n: date(1960, 1, 1) + timedelta(days=n * 97 % 14_000))
    role = Role.DEMANDEUR
    affiliation_number = factory.Sequence(lambda n: f"{1_000_000 + n}")
    nir = factory.LazyAttributeSequence(lambda o, n: valid_nir(n, title=o.title, birth_date=o.birth_date))
    department_internal_id = factory.Sequence(lambda n: f"26-{n:06d}")
    email = factory.Sequence(lambda n: f"personne-{n}@courriel.test")
    phone_number = factory.Sequence(lambda n: f"+336{12_000_000 + n}")
    address = factory.Sequence(lambda n: f"{n % 90 + 1} rue de la République {_TOWNS[n % 5]}")
    created_through = CreatedThrough.UPLOAD_PAGE
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.SelfAttribute("created_at")

    class Params:
        man = factory.Trait(title=Title.MONSIEUR, first_name=factory.Sequence(lambda n: _MEN[n % 10]))
        unreachable = factory.Trait(email=None, phone_number=None, address=None)
        landline = factory.Trait(phone_number="+33475792626")
        without_keys = factory.Trait(
            nir=None, department_internal_id=None, email=None, phone_number=None, affiliation_number=None
        )

    @classmethod
    def _adjust_kwargs(cls, **kwargs: Any) -> dict[str, Any]:
        organisation = kwargs.get("organisation")
        if organisation is not None:
            kwargs["department"] = organisation.department
        return kwargs

    @classmethod
    def _build(cls, model_class: type[Usager], *args: Any, **kwargs: Any) -> Usager:
        kwargs.pop("organisation", None)
        kwargs.pop("archived", None)
        usager = model_class(*args, **kwargs)
        usager.index()
        return usager

    @classmethod
    def _create(cls, model_class: type[Usager], *args: Any, **kwargs: Any) -> Usager:
        organisation, archived = kwargs.pop("organisation", None), kwargs.pop("archived", False)
        usager = cls._build(model_class, *args, **kwargs)
        usager.save()
        if organisation is not None:
            MembershipFactory(
                usager=usager, organisation=organisation, archived_at=timezone.now() if archived else None
            )
        return usager


class MembershipFactory(DjangoModelFactory[UsagerOrganisation]):
    """A further organisation that follows a person."""

    class Meta:
        model = UsagerOrganisation

    usager = factory.SubFactory(UsagerFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    created_at = factory.LazyFunction(timezone.now)


class MotifCategoryFactory(DjangoModelFactory[MotifCategory]):
    """RSA orientation unless said otherwise; traits `accompagnement` and `atelier`."""

    class Meta:
        model = MotifCategory
        django_get_or_create = ("short_name",)

    short_name = "rsa_orientation"
    name = "RSA orientation"
    motif_category_type = MotifCategoryType.RSA_ORIENTATION
    rdv_title = "rendez-vous d'orientation"
    rdv_title_by_phone = "rendez-vous d'orientation téléphonique"
    rdv_subject = "RSA"
    rdv_purpose = "démarrer un parcours d'accompagnement"
    user_designation = "bénéficiaire du RSA"
    is_mandatory = True
    punishable_warning = "votre RSA peut être réduit ou suspendu"
    what_to_bring = "une pièce d'identité"

    class Params:
        accompagnement = factory.Trait(
            short_name="rsa_accompagnement",
            name="RSA suivi",
            motif_category_type=MotifCategoryType.RSA_ACCOMPAGNEMENT,
            rdv_title="rendez-vous d'accompagnement",
            rdv_title_by_phone="rendez-vous d'accompagnement téléphonique",
            rdv_purpose="faire le point sur votre parcours",
            position=1,
        )
        atelier = factory.Trait(
            short_name="atelier_collectif",
            name="Atelier collectif",
            motif_category_type=MotifCategoryType.AUTRE,
            rdv_title="atelier",
            rdv_title_by_phone="atelier par téléphone",
            is_mandatory=False,
            punishable_warning="",
            position=2,
        )


class CategoryConfigurationFactory(DjangoModelFactory[CategoryConfiguration]):
    class Meta:
        model = CategoryConfiguration

    organisation = factory.SubFactory(OrganisationFactory)
    motif_category = factory.SubFactory(MotifCategoryFactory)


class MotifFactory(DjangoModelFactory[Motif]):
    """An individual rdv on the spot, 30 minutes, that invited people may take; traits for the others."""

    class Meta:
        model = Motif

    organisation = factory.SubFactory(OrganisationFactory)
    motif_category = factory.SubFactory(MotifCategoryFactory)
    name = factory.Sequence(lambda n: f"RSA orientation {n}")
    bookable_by = BookableBy.INVITED
    duration = timedelta(minutes=30)

    class Params:
        by_phone = factory.Trait(location_type=LocationType.PHONE)
        visio = factory.Trait(location_type=LocationType.VISIO)
        collectif = factory.Trait(collective=True)
        agents_only = factory.Trait(bookable_by=BookableBy.AGENTS)
        summoning = factory.Trait(bookable_by=BookableBy.AGENTS, convocation=True)


class LieuFactory(DjangoModelFactory[Lieu]):
    """A place of the Drôme; trait `reunion` for clocks four hours (or three) ahead of UTC+0."""

    class Meta:
        model = Lieu

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Maison du département {n}")
    address = factory.Sequence(lambda n: f"{n % 40 + 1} avenue Sadi Carnot, {_TOWNS[n % 5]}")
    phone_number = "+33475797000"
    access = "Bus 5, arrêt Préfecture"

    class Params:
        reunion = factory.Trait(
            time_zone_name="Indian/Reunion", address="2 rue de la Source, 97400 Saint-Denis"
        )


class PlageOuvertureFactory(DjangoModelFactory[PlageOuverture]):
    """Every working day from 9:00 to 12:00 since last month and for ever, for `motifs=[…]`.

    `motif=` is short for one motif; organisation, lieu and agent follow. Trait `once`: on `first_day` only.
    """

    class Meta:
        model = PlageOuverture

    motif = factory.SubFactory(MotifFactory)
    organisation = factory.SelfAttribute("motif.organisation")
    agent = factory.SubFactory(AgentFactory, organisation=factory.SelfAttribute("..organisation"))
    lieu = factory.Maybe(
        factory.LazyAttribute(lambda o: o.motif.location_type == LocationType.PUBLIC_OFFICE),
        yes_declaration=factory.SubFactory(LieuFactory, organisation=factory.SelfAttribute("..organisation")),
        no_declaration=None,
    )
    title = "Permanence"
    first_day = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=30))
    start_time = time(9)
    end_time = time(12)
    recurrence = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    last_day = None

    class Params:
        once = factory.Trait(recurrence="", last_day=factory.SelfAttribute("first_day"))

    @classmethod
    def _create(cls, model_class: type[PlageOuverture], *args: Any, **kwargs: Any) -> PlageOuverture:
        motif, motifs = kwargs.pop("motif"), kwargs.pop("motifs", None)
        plage = super()._create(model_class, *args, **kwargs)
        plage.motifs.set(motifs or [motif])
        return plage


class AbsenceFactory(DjangoModelFactory[Absence]):
    """A whole day off, tomorrow unless said otherwise."""

    class Meta:
        model = Absence

    agent = factory.SubFactory(AgentFactory)
    title = "Congé"
    first_day = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=1))
    start_time = time(0)
    end_day = factory.SelfAttribute("first_day")
    end_time = time(23, 59)
    last_day = factory.LazyAttribute(lambda o: None if getattr(o, "recurrence", "") else o.end_day)


class FollowUpFactory(DjangoModelFactory[FollowUp]):
    """A person in a category, nothing done yet; `organisation=` is the one that follows the person."""

    class Meta:
        model = FollowUp
        exclude = ("organisation",)

    organisation = None
    usager = factory.Maybe(
        "organisation",
        yes_declaration=factory.SubFactory(
            UsagerFactory, organisation=factory.SelfAttribute("..organisation")
        ),
        no_declaration=factory.SubFactory(UsagerFactory),
    )
    motif_category = factory.SubFactory(MotifCategoryFactory)
    created_at = factory.LazyFunction(timezone.now)

    class Params:
        closed = factory.Trait(closed_at=factory.LazyFunction(timezone.now))


class RdvFactory(DjangoModelFactory[Rdv]):
    """A rdv on the next working day at 10:00; `agents=[…]`, or one of its own. Trait `past`: a week ago."""

    class Meta:
        model = Rdv

    motif = factory.SubFactory(MotifFactory)
    organisation = factory.SelfAttribute("motif.organisation")
    lieu = factory.Maybe(
        factory.LazyAttribute(lambda o: o.motif.location_type == LocationType.PUBLIC_OFFICE),
        yes_declaration=factory.SubFactory(LieuFactory, organisation=factory.SelfAttribute("..organisation")),
        no_declaration=None,
    )
    starts_at = factory.LazyFunction(lambda: next_weekday(timezone.now()))
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + o.motif.duration)
    created_by = CreatedBy.USAGER
    created_at = factory.LazyAttribute(lambda o: min(o.starts_at - timedelta(days=7), timezone.now()))
    scheduled_at = factory.SelfAttribute("created_at")

    class Params:
        past = factory.Trait(
            starts_at=factory.LazyFunction(lambda: next_weekday(timezone.now() - timedelta(days=7)))
        )

    @classmethod
    def _create(cls, model_class: type[Rdv], *args: Any, **kwargs: Any) -> Rdv:
        agents = kwargs.pop("agents", None)
        rdv = super()._create(model_class, *args, **kwargs)
        rdv.refresh_from_db(fields=["busy"])
        for agent in agents if agents is not None else [AgentFactory(organisation=rdv.organisation)]:
            RdvAgent.objects.create(
                rdv=rdv,
                agent=agent,
                starts_at=rdv.starts_at,
                ends_at=rdv.ends_at,
                busy=rdv.busy,
                overbooked=rdv.overbooked,
            )
        return rdv


class ParticipationFactory(DjangoModelFactory[Participation]):
    """A person's part in a rdv of their follow-up, whose facts are told. Traits: one per status, and `past`.

    `ParticipationFactory(follow_up=…, rdv__starts_at=…, status="seen")`; an individual rdv has its status.
    """

    class Meta:
        model = Participation

    follow_up = factory.SubFactory(FollowUpFactory)
    usager = factory.SelfAttribute("follow_up.usager")
    status = ParticipationStatus.UNKNOWN
    rdv = factory.SubFactory(
        RdvFactory,
        status=factory.SelfAttribute("..status"),
        motif__motif_category=factory.SelfAttribute("...follow_up.motif_category"),
    )
    created_by = CreatedBy.USAGER
    created_at = factory.SelfAttribute("rdv.created_at")
    cancelled_at = factory.LazyAttribute(
        lambda o: (
            o.created_at if o.status in (ParticipationStatus.EXCUSED, ParticipationStatus.REVOKED) else None
        )
    )

    class Params:
        seen = factory.Trait(status=ParticipationStatus.SEEN, rdv__past=True)
        noshow = factory.Trait(status=ParticipationStatus.NOSHOW, rdv__past=True)
        excused = factory.Trait(status=ParticipationStatus.EXCUSED)
        revoked = factory.Trait(status=ParticipationStatus.REVOKED)
        past = factory.Trait(rdv__past=True)

    @classmethod
    def _create(cls, model_class: type[Participation], *args: Any, **kwargs: Any) -> Participation:
        participation = super()._create(model_class, *args, **kwargs)
        tell_follow_ups([participation.follow_up_id])
        if participation.follow_up is not None:
            participation.follow_up.refresh_from_db()
        return participation


class MessageFactory(DjangoModelFactory[Message]):
    """An SMS that left; `status` and `channel` at will."""

    class Meta:
        model = Message

    organisation = factory.SubFactory(OrganisationFactory)
    usager = factory.SubFactory(UsagerFactory, organisation=factory.SelfAttribute("..organisation"))
    channel = Channel.SMS
    purpose = Purpose.INVITATION
    unique_key = factory.Sequence(lambda n: f"message-{n}")
    recipient = factory.LazyAttribute(
        lambda o: (
            {Channel.SMS: o.usager.phone_number, Channel.EMAIL: o.usager.email}.get(
                o.channel, o.usager.address
            )
            or ""
        )
    )
    sender = "Dept26"
    subject = factory.LazyAttribute(lambda o: "" if o.channel == Channel.SMS else "Votre rendez-vous")
    text = "Bonjour, choisissez votre rendez-vous."
    html = factory.LazyAttribute(lambda o: f"<p>{o.text}</p>" if o.channel == Channel.EMAIL else "")
    status = factory.LazyAttribute(
        lambda o: MessageStatus.TO_PRINT if o.channel == Channel.LETTER else MessageStatus.SENT
    )
    created_at = factory.LazyFunction(timezone.now)


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An SMS invitation sent just now, valid 10 days; the follow-up is told.

    The person is followed by the inviting organisation. Traits `expired`, `never_expires`.
    """

    class Meta:
        model = Invitation

    organisation = factory.SubFactory(OrganisationFactory)
    follow_up = factory.SubFactory(FollowUpFactory, organisation=factory.SelfAttribute("..organisation"))
    channel = Channel.SMS
    code = factory.LazyFunction(codes.new_code)
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda o: o.created_at + timedelta(days=10))
    help_phone_number = factory.SelfAttribute("organisation.phone_number")
    origin = InvitationOrigin.USERS_INDEX_PAGE
    message = factory.SubFactory(
        MessageFactory,
        organisation=factory.SelfAttribute("..organisation"),
        usager=factory.SelfAttribute("..follow_up.usager"),
        channel=factory.SelfAttribute("..channel"),
        created_at=factory.SelfAttribute("..created_at"),
    )

    class Params:
        expired = factory.Trait(created_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=11)))
        never_expires = factory.Trait(expires_at=dates.NEVER)

    @classmethod
    def _create(cls, model_class: type[Invitation], *args: Any, **kwargs: Any) -> Invitation:
        invitation = super()._create(model_class, *args, **kwargs)
        record_invitations(
            follow_ups=[invitation.follow_up], now=invitation.created_at, expires_at=invitation.expires_at
        )
        return invitation
