"""How an organisation presents itself in letters and mails, with what the department would say by default."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rdv_insertion.messaging.models import MessagesConfiguration
from rdv_insertion.territory.models import Organisation


@dataclass(frozen=True, kw_only=True)
class SenderIdentity:
    """Letterhead and signature. `logos` are dicts of `digest` and `name`; `signature_digest` may be empty."""

    letter_sender_name: str
    sender_city: str
    direction_names: tuple[str, ...]
    signature_lines: tuple[str, ...]
    help_address: str = ""
    logos: tuple[Mapping[str, str], ...] = ()
    signature_digest: str = ""


def identity_of(organisation: Organisation) -> SenderIdentity:
    """The identity of one organisation now; its department is loaded. One query."""
    return identities_of([organisation])[organisation.pk]


def identities_of(organisations: Collection[Organisation]) -> dict[int, SenderIdentity]:
    """The identity of each organisation, by id. One query; departments are loaded."""
    known = {
        one.organisation_id: one
        for one in MessagesConfiguration.objects.filter(organisation__in=organisations).order_by("version")
    }
    return {one.pk: identity_from(one, known.get(one.pk)) for one in organisations}


def identity_from(organisation: Organisation, own: MessagesConfiguration | None) -> SenderIdentity:
    """What `own` says, else the default of the organisation and of its department."""
    own = own or MessagesConfiguration(organisation=organisation)
    return SenderIdentity(
        letter_sender_name=own.letter_sender_name or organisation.name,
        sender_city=own.sender_city or organisation.department.capital,
        direction_names=tuple(own.direction_names or [organisation.name]),
        signature_lines=tuple(own.signature_lines or [organisation.name]),
        help_address=own.help_address,
        logos=tuple(own.logos),
        signature_digest=own.signature_picture_id or "",
    )
