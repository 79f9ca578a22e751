"""Invitation letters to print: the same text and code as any other invitation, on paper."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from rdv_insertion.invitations.links import invitation_url, typing_page
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.kernel import codes, dates, phone
from rdv_insertion.messaging.channels.letter.render import render_letters


def letters_pdf(invitations: Iterable[Invitation]) -> bytes:
    """One accessible PDF (PDF/UA-1) of these postal invitations, each on pages of its own."""
    return render_letters([_letter(invitation) for invitation in invitations])


def _letter(invitation: Invitation) -> dict[str, Any]:
    organisation, usager = invitation.organisation, invitation.follow_up.usager
    message = invitation.message
    if message is None:  # pragma: no cover - a postal invitation is written with its message
        raise ValueError("invitation without a message")
    return {
        "sender": [organisation.name, f"Tél. : {phone.display(invitation.help_phone_number)}"],
        "recipient": [usager.polite_name, *_address_lines(usager.address or "", usager.town)],
        "place_and_date": f"{organisation.department.capital}, le {_plain_date(invitation)}",
        "subject": message.subject,
        "paragraphs": message.text.split("\n\n"),
        "link": invitation_url(invitation.code),
        "code": codes.display(invitation.code),
        "typing_page": typing_page(),
        "signature": [organisation.name],
    }


def _address_lines(address: str, town: str) -> list[str]:
    street = address.removesuffix(town).strip(" ,")
    return [line for line in (street, town) if line]


def _plain_date(invitation: Invitation) -> str:
    day: date = invitation.created_at.astimezone(invitation.organisation.time_zone).date()
    return dates.long_date(day)
