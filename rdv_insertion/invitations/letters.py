"""Invitation letters to print. Those of before letters were kept whole get their code from the invitation."""

from collections.abc import Iterable

from rdv_insertion.invitations.links import invitation_url, typing_page
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.messaging.channels.letter.frame import frame_for
from rdv_insertion.messaging.identity import identities_of
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.printing import letters_pdf as pdf_of_messages


def letters_pdf(invitations: Iterable[Invitation]) -> bytes:
    """One accessible PDF (PDF/UA-1) of these postal invitations, each on pages of its own.

    They come with `message`; `organisation__department` and `follow_up__usager` too for the old ones.
    """
    several = list(invitations)
    messages = [_message(invitation) for invitation in several]
    _complete([one for one in several if one.message and not one.message.letter])
    return pdf_of_messages(messages)


def letters_of_messages(messages: Iterable[Message]) -> bytes:
    """The same from messages by post, invitations or not, in this order."""
    several = list(messages)
    old = {message.pk: message for message in several if not message.letter}
    if old:
        found = Invitation.objects.filter(message__in=old).select_related(
            "organisation__department", "follow_up__usager"
        )
        invitations = list(found)
        for invitation in invitations:
            invitation.message = old[invitation.message_id or 0]
        _complete(invitations)
    return pdf_of_messages(several)


def _message(invitation: Invitation) -> Message:
    if invitation.message is None:  # pragma: no cover - a postal invitation is written with its message
        raise ValueError("invitation without a message")
    return invitation.message


def _complete(invitations: list[Invitation]) -> None:
    """Give the messages of these invitations, which have none, the frame that they would have today."""
    if not invitations:
        return
    identities = identities_of({one.organisation for one in invitations})
    for invitation in invitations:
        organisation = invitation.organisation
        _message(invitation).letter = frame_for(
            invitation.follow_up.usager,
            organisation,
            identities[organisation.pk],
            help_phone=invitation.help_phone_number,
            moment=invitation.created_at,
            link=invitation_url(invitation.code),
            code=invitation.code,
            typing_page=typing_page(),
        ).to_json()
