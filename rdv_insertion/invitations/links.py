"""From a code to what it opens (design/domain.md § Links)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from rdv_insertion.agenda.enums import CANCELLED
from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.invitations.models import Invitation, still_followed
from rdv_insertion.invitations.proposals import offers_for, offers_of

__all__ = [
    "OpenLink",
    "booking_key",
    "invitation_to_use_again",
    "invitation_url",
    "offers_for",
    "offers_of",
    "open_link",
    "openings_page",
    "typing_page",
]


@dataclass(frozen=True)
class OpenLink:
    """What stands behind an invitation's code at one moment."""

    invitation: Invitation
    expired: bool
    # The rdv taken with this code or any other of the same follow-up: to come, or just past.
    participation: Participation | None


def invitation_url(code: str) -> str:
    """The address put in messages: as short as can be."""
    return f"{settings.PUBLIC_URL}/r/{code}"


def typing_page() -> str:
    """Where a code is typed by hand, as it is printed in letters: without the scheme."""
    return f"{settings.PUBLIC_URL}/invitation".split("://")[-1]


def openings_page() -> str:
    """Where agents open plages, for the mail that says that people find nothing to choose."""
    return f"{settings.PUBLIC_URL}/plages/"


def open_link(code: str, *, now: datetime) -> OpenLink | None:
    """What `code` opens at `now`, or None when nobody was given it. Two queries.

    A follow-up that is closed, or a person whom the organisation no longer follows, makes it expired.
    """
    invitations = Invitation.objects.annotate(followed=still_followed()).select_related(
        "organisation__department", "follow_up__motif_category", "follow_up__usager__department"
    )
    invitation = invitations.filter(code=code).first()
    if invitation is None:
        return None
    over = (
        invitation.expires_at <= now or invitation.follow_up.closed_at or invitation.organisation.archived_at
    )
    return OpenLink(
        invitation,
        expired=bool(over) or not invitation.followed,  # type: ignore[attr-defined]
        participation=_rdv_taken(invitation, now),
    )


def _rdv_taken(invitation: Invitation, now: datetime) -> Participation | None:
    """The rdv to come of the follow-up, else the one taken with this code: the link has served."""
    key = booking_key(invitation)
    of_follow_up = Participation.objects.filter(follow_up=invitation.follow_up).exclude(status__in=CANCELLED)
    to_come = Q(status=ParticipationStatus.UNKNOWN, rdv__starts_at__gt=now)
    found = of_follow_up.filter(to_come | Q(booking_key=key)).select_related("rdv").order_by("rdv__starts_at")
    return min(found, key=lambda one: (one.rdv.starts_at <= now, one.rdv.starts_at), default=None)


def invitation_to_use_again(participation: Participation, *, now: datetime) -> Invitation | None:
    """After a cancelled rdv, an invitation of the same follow-up that is still valid, or None. One query."""
    return (
        Invitation.objects.valid_at(now)
        .filter(
            still_followed(),
            follow_up=participation.follow_up_id,
            follow_up__closed_at=None,
            organisation__archived_at=None,
        )
        .first()
    )


def booking_key(invitation: Invitation) -> str:
    """What makes two bookings with one invitation impossible (see Participation.booking_key)."""
    return f"invitation-{invitation.code}"
