"""Writing how an organisation presents itself: a new version each time, so that the past stays known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from rdv_insertion.agents.models import Agent
from rdv_insertion.kernel.text import squish
from rdv_insertion.kernel.versions import SavedMeanwhile
from rdv_insertion.messaging.models import MessagesConfiguration, Picture
from rdv_insertion.territory.models import Organisation

MOST_LOGOS = 3
# What stands beside the window of the envelope, and under a letter.
MOST_DIRECTIONS, MOST_SIGNATURE_LINES = 4, 5
SHORTEST_SMS_SENDER, LONGEST_SMS_SENDER = 3, 11
_SMS_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}")


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """What an organisation says of itself; what is empty says what the department would.

    `logos` are dicts of `digest` (of a Picture that is kept) and `name`, read aloud in place of the image.
    """

    letter_sender_name: str = ""
    sender_city: str = ""
    direction_names: tuple[str, ...] = ()
    signature_lines: tuple[str, ...] = ()
    help_address: str = ""
    logos: tuple[Mapping[str, str], ...] = ()
    signature_digest: str = ""


def versions_of(organisation: Organisation) -> QuerySet[MessagesConfiguration]:
    """Every version of how `organisation` presents itself, the last one first."""
    known = MessagesConfiguration.objects.filter(organisation=organisation)
    return known.select_related("created_by").order_by("-version")


def current_configuration(organisation: Organisation) -> MessagesConfiguration:
    """What holds now; before any version, an empty one, numbered 0 and not saved."""
    return versions_of(organisation).first() or MessagesConfiguration(organisation=organisation, version=0)


def presentation_of(configuration: MessagesConfiguration) -> Presentation:
    """What a version says."""
    return Presentation(
        letter_sender_name=configuration.letter_sender_name,
        sender_city=configuration.sender_city,
        direction_names=tuple(configuration.direction_names),
        signature_lines=tuple(configuration.signature_lines),
        help_address=configuration.help_address,
        logos=tuple(configuration.logos),
        signature_digest=configuration.signature_picture_id or "",
    )


def configuration_from(
    organisation: Organisation, presentation: Presentation, *, version: int = 0
) -> MessagesConfiguration:
    """A version that says `presentation`, not saved."""
    return MessagesConfiguration(
        organisation=organisation,
        version=version,
        letter_sender_name=squish(presentation.letter_sender_name),
        sender_city=squish(presentation.sender_city),
        direction_names=_lines(presentation.direction_names),
        signature_lines=_lines(presentation.signature_lines),
        help_address=squish(presentation.help_address),
        logos=[{"digest": one["digest"], "name": squish(one["name"])} for one in presentation.logos],
        signature_picture_id=presentation.signature_digest or None,
    )


def save_presentation(
    *,
    organisation: Organisation,
    presentation: Presentation,
    seen_version: int,
    agent: Agent,
    now: datetime,
) -> MessagesConfiguration:
    """Make `presentation` how letters and mails present `organisation` from `now` on.

    `seen_version` is the version that `agent` was shown: raises SavedMeanwhile when it is no longer the last.
    What changes nothing writes nothing. Raises ValidationError (French, by field).
    """
    current = current_configuration(organisation)
    if current.version != seen_version:
        raise SavedMeanwhile(current)
    fresh = configuration_from(organisation, presentation, version=seen_version + 1)
    fresh.created_at, fresh.created_by = now, agent
    if presentation_of(fresh) == presentation_of(current):
        return current
    _check(fresh)
    try:
        with transaction.atomic():
            _hold_pictures(fresh)
            fresh.save(force_insert=True)
    except IntegrityError as error:  # the same version, written at the same instant
        raise SavedMeanwhile(current_configuration(organisation)) from error
    return fresh


def set_sms_sender(*, organisation: Organisation, name: str) -> Organisation:
    """Make `name` the sender of the SMS of `organisation`; empty, the number of the department.

    Raises ValidationError (French) for what operators do not carry.
    """
    if name and not _SMS_SENDER.fullmatch(name):
        raise ValidationError(
            f"De {SHORTEST_SMS_SENDER} à {LONGEST_SMS_SENDER} lettres ou chiffres, dont une lettre : "
            "ni espace, ni accent, ni ponctuation. Les opérateurs refusent le reste."
        )
    Organisation.objects.filter(pk=organisation.pk).update(sms_sender_name=name)
    organisation.sms_sender_name = name
    return organisation


def _hold_pictures(configuration: MessagesConfiguration) -> None:
    """Keep those of `configuration` from being forgotten (`services.pictures`) before it is written."""
    named = {configuration.signature_picture_id or "", *(one["digest"] for one in configuration.logos)} - {""}
    held = Picture.objects.select_for_update(no_key=True).filter(pk__in=named)
    if named and named != set(held.values_list("pk", flat=True)):
        raise ValidationError("Une image n'est plus là. Choisissez-la de nouveau.")


def _check(configuration: MessagesConfiguration) -> None:
    if len(configuration.direction_names) > MOST_DIRECTIONS:
        raise ValidationError({"direction_names": f"{MOST_DIRECTIONS} lignes au plus : l'en-tête est petit."})
    if len(configuration.signature_lines) > MOST_SIGNATURE_LINES:
        raise ValidationError({"signature_lines": f"{MOST_SIGNATURE_LINES} lignes au plus."})
    if len(configuration.logos) > MOST_LOGOS:
        raise ValidationError({"logos": f"{MOST_LOGOS} logos au plus."})
    if not all(one["name"] for one in configuration.logos):
        raise ValidationError({"logos": "Donnez un nom à chaque logo : il est lu à qui ne le voit pas."})
    configuration.full_clean(validate_unique=False, validate_constraints=False)


def _lines(several: tuple[str, ...]) -> list[str]:
    return [line for line in map(squish, several) if line]
