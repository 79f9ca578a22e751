"""The messages of a category as they would be written now, to a sample person or to a real one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from rdv_insertion.agenda.enums import LieuAvailability, LocationType
from rdv_insertion.agenda.links import rdv_url
from rdv_insertion.agenda.models import Lieu, Participation, Rdv
from rdv_insertion.agenda.presentation import visio_url
from rdv_insertion.agents.models import Agent
from rdv_insertion.invitations.links import invitation_url, typing_page
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import codes, dates, phone
from rdv_insertion.kernel.languages import IN_FRENCH, Language
from rdv_insertion.messaging.channels.letter.frame import LetterFrame, frame_for
from rdv_insertion.messaging.identity import identity_of
from rdv_insertion.messaging.texts.addressee import addressee_of
from rdv_insertion.messaging.texts.invitations.content import InvitationContent
from rdv_insertion.messaging.texts.rdvs.content import CANCELLED, CREATED, REMINDER, UPDATED, RdvContent
from rdv_insertion.messaging.texts.rendering import PersonalContent
from rdv_insertion.messaging.texts.words import Words
from rdv_insertion.usagers.enums import Title
from rdv_insertion.usagers.models import Usager

# A code that no invitation has: 1 is in none.
_CODE = "ABCD1234"
_ROOM = UUID("12345678-1234-4234-8234-123456789012")
_REMINDED_AFTER_DAYS = 3
_FOUND = 8


class Shown(models.TextChoices):
    """Which message is shown."""

    INVITATION = "invitation", "Invitation"
    INVITATION_REMINDER = "relance", "Relance d'invitation"
    RDV = "rdv", "Confirmation de rendez-vous"
    RDV_UPDATED = "rdv-deplace", "Changement de rendez-vous"
    RDV_CANCELLED = "rdv-annule", "Annulation de rendez-vous"
    RDV_REMINDER = "rappel", "Rappel de rendez-vous"
    CONVOCATION = "convocation", "Convocation"
    CONVOCATION_UPDATED = "convocation-modifiee", "Changement de convocation"
    CONVOCATION_CANCELLED = "convocation-annulee", "Annulation de convocation"
    CONVOCATION_REMINDER = "convocation-rappel", "Rappel de convocation"


class Place(models.TextChoices):
    """Where the sample rdv is."""

    OFFICE = "sur-place", "Sur place"
    PHONE = "telephone", "Par téléphone"
    VISIO = "visio", "En visioconférence"
    HOME = "domicile", "À domicile"


_LOCATIONS: Mapping[str, LocationType] = {
    Place.OFFICE: LocationType.PUBLIC_OFFICE,
    Place.PHONE: LocationType.PHONE,
    Place.VISIO: LocationType.VISIO,
    Place.HOME: LocationType.HOME,
}
# What happens to the sample rdv, and whether the person was summoned to it.
_EVENTS: Mapping[str, tuple[str, bool]] = {
    Shown.RDV: (CREATED, False),
    Shown.RDV_UPDATED: (UPDATED, False),
    Shown.RDV_CANCELLED: (CANCELLED, False),
    Shown.RDV_REMINDER: (REMINDER, False),
    Shown.CONVOCATION: (CREATED, True),
    Shown.CONVOCATION_UPDATED: (UPDATED, True),
    Shown.CONVOCATION_CANCELLED: (CANCELLED, True),
    Shown.CONVOCATION_REMINDER: (REMINDER, True),
}


class Sample(models.TextChoices):
    """Who reads, when nobody real is chosen."""

    WOMAN = "madame", "Exemple : Madame"
    MAN = "monsieur", "Exemple : Monsieur"
    UNKNOWN = "inconnue", "Exemple : civilité inconnue"


_SAMPLES: Mapping[str, tuple[str | None, str]] = {
    Sample.WOMAN: (Title.MADAME, "Camille"),
    Sample.MAN: (Title.MONSIEUR, "Camille"),
    Sample.UNKNOWN: (None, "Camille"),
}


@dataclass(frozen=True)
class Choices:
    """What the page asks to see: each falls back to its first choice when it is none of ours."""

    shown: Shown
    place: Place
    language: str
    person: str
    usager: Usager
    people: list[tuple[str, str]]
    searched: str
    found: int

    @property
    def parameters(self) -> dict[str, str]:
        """The same choices, as the page asks for them."""
        return {
            "message": self.shown,
            "lieu": self.place,
            "langue": self.language,
            "personne": self.person,
        }


def choices_from(asked: Mapping[str, Any], configuration: CategoryConfiguration, agent: Agent) -> Choices:
    """What is asked by a form or an address: a real person is one that `agent` sees in this organisation.

    `trouve` is the search whose results the form was drawn with. At most two queries.
    """
    searched = str(asked.get("chercher", "")).strip()[:100]
    wanted = str(asked.get("personne", ""))
    known = _people(configuration, agent)
    found = list(known.search(searched)[:_FOUND]) if searched else []
    if found and searched != asked.get("trouve"):  # a new search: the first one found reads
        chosen = found[0]
    else:
        chosen = known.filter(pk=wanted).first() if _is_id(wanted) else None
    sample = wanted if wanted in Sample else Sample.WOMAN.value
    listed = {one.pk: one for one in ([chosen] if chosen else []) + found}
    language = str(asked.get("langue", ""))
    usager = chosen or _sample_person(sample, configuration)
    return Choices(
        shown=_choice(Shown, asked.get("message")),
        place=_choice(Place, asked.get("lieu")),
        language=language if language in Language else usager.language,
        person=str(chosen.pk) if chosen else sample,
        usager=usager,
        people=[*Sample.choices, *((str(one.pk), _named(one)) for one in listed.values())],
        searched=searched,
        found=len(found),
    )


def languages() -> list[tuple[str, str]]:
    """The languages of messages, named in French."""
    return [(code, name.capitalize()) for code, name in IN_FRENCH.items()]


def _choice(kind: Any, asked: Any) -> Any:
    return kind(asked) if asked in kind else next(iter(kind))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _people(configuration: CategoryConfiguration, agent: Agent) -> Any:
    return (
        Usager.objects.visible_to(agent)
        .of_organisation(configuration.organisation)
        .select_related("department")
    )


def _named(usager: Usager) -> str:
    born = f" ({usager.birth_date:%d/%m/%Y})" if usager.birth_date else ""
    return f"{usager.polite_name}{born}"


def _sample_person(sample: str, configuration: CategoryConfiguration) -> Usager:
    title, first_name = _SAMPLES[sample]
    capital = configuration.organisation.department.capital
    postcode = f"{configuration.organisation.department.number[:2]}000"
    return Usager(
        department=configuration.organisation.department,
        title=title,
        first_name=first_name,
        last_name="Exemple",
        affiliation_number="1234567",
        phone_number="+33639980123",
        email="camille.exemple@courriel.test",
        address=f"12 rue de la République {postcode} {capital}",
    )


def content_of(
    choices: Choices, configuration: CategoryConfiguration, words: Words, *, now: datetime
) -> PersonalContent:
    """The message that is asked for, with these words. Two queries."""
    if choices.shown in (Shown.INVITATION, Shown.INVITATION_REMINDER):
        return _invitation(choices, configuration, words, now)
    return _rdv(choices, configuration, words, now)


def _invitation(
    choices: Choices, configuration: CategoryConfiguration, words: Words, now: datetime
) -> InvitationContent:
    organisation = configuration.organisation
    is_reminder = choices.shown == Shown.INVITATION_REMINDER
    days = configuration.number_of_days_before_invitations_expire
    if days is not None and is_reminder:
        days -= _REMINDED_AFTER_DAYS
    last_day = (
        now.astimezone(organisation.time_zone).date() + timedelta(days=days) if days is not None else None
    )
    frame = _frame(
        choices.usager,
        configuration,
        now,
        link=invitation_url(_CODE),
        code=_CODE,
        typing_page=typing_page(),
    )
    return InvitationContent(
        addressee=addressee_of(choices.usager),
        words=words,
        organisation=organisation.name,
        department=organisation.department.name,
        link=invitation_url(_CODE),
        code=codes.display(_CODE),
        typing_page=typing_page(),
        days_left=days,
        last_day=last_day,
        help_phone=phone.display(configuration.help_phone_number),
        reminder=is_reminder,
        by_phone=choices.place == Place.PHONE,
        letter=frame,
    )


def _rdv(choices: Choices, configuration: CategoryConfiguration, words: Words, now: datetime) -> RdvContent:
    organisation = configuration.organisation
    event, convocation = _EVENTS[choices.shown]
    place, access = _place(configuration) if choices.place == Place.OFFICE else ((), "")
    return RdvContent(
        event=event,
        convocation=convocation,
        location_type=_LOCATIONS[choices.place].value,
        addressee=addressee_of(choices.usager),
        words=words,
        title=words.title_by_phone if choices.place == Place.PHONE else words.title,
        organisation=organisation.name,
        starts_at=_sample_moment(configuration, now),
        zone=organisation.time_zone,
        place=place,
        access=access,
        visio_url=visio_url(Rdv(uuid=_ROOM)),
        phone_number=phone.display(choices.usager.phone_number),
        link=rdv_url(Participation(code=_CODE)),
        help_phone=phone.display(configuration.help_phone_number),
        what_to_bring=words.what_to_bring,
        letter=_frame(choices.usager, configuration, now),
    )


def _sample_moment(configuration: CategoryConfiguration, now: datetime) -> datetime:
    """9:30, a Tuesday, in a week or two."""
    zone = configuration.organisation.time_zone
    day = now.astimezone(zone).date() + timedelta(days=7)
    day += timedelta(days=(1 - day.weekday()) % 7)
    return dates.at(day, time(9, 30), zone)


def _place(configuration: CategoryConfiguration) -> tuple[tuple[str, ...], str]:
    organisation = configuration.organisation
    lieux = Lieu.objects.filter(organisation=organisation, availability=LieuAvailability.ENABLED)
    lieu = lieux.order_by("name", "pk").first()
    if lieu:
        return (lieu.name, lieu.address), lieu.access
    return (organisation.name, f"1 place de la Préfecture, {organisation.department.capital}"), ""


def _frame(
    usager: Usager,
    configuration: CategoryConfiguration,
    now: datetime,
    *,
    link: str = "",
    code: str = "",
    typing_page: str = "",
) -> LetterFrame:
    organisation = configuration.organisation
    return frame_for(
        usager,
        organisation,
        identity_of(organisation),
        help_phone=configuration.help_phone_number,
        moment=now,
        link=link,
        code=code,
        typing_page=typing_page,
    )
