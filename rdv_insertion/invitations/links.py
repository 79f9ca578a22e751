"""From a code to what it opens (design/domain.md § Links)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.enums import BOOKABLE_WHEN_INVITED
from rdv_insertion.agenda.models import Motif, Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.territory.models import Organisation


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


def open_link(code: str, *, now: datetime) -> OpenLink | None:
    """What `code` opens at `now`, or None when nobody was given it. Two queries."""
    invitation = (
        Invitation.objects.select_related(
            "organisation__department", "follow_up__motif_category", "follow_up__usager__department"
        )
        .filter(code=code)
        .first()
    )
    if invitation is None:
        return None
    live = Participation.objects.filter(follow_up=invitation.follow_up, status=ParticipationStatus.UNKNOWN)
    with_this_code = live.filter(booking_key=booking_key(invitation))
    participation = live.pending(now).with_details().order_by("rdv__starts_at").first()
    if participation is None:
        participation = with_this_code.with_details().first() or _kept(invitation)
    return OpenLink(invitation, expired=invitation.expires_at <= now, participation=participation)


def _kept(invitation: Invitation) -> Participation | None:
    """The rdv taken with this code that has happened: the link has served."""
    served = Participation.objects.filter(booking_key=booking_key(invitation)).exclude(
        status__in=[ParticipationStatus.EXCUSED, ParticipationStatus.REVOKED]
    )
    return served.with_details().first()


def booking_key(invitation: Invitation) -> str:
    """What makes two bookings with one invitation impossible (see Participation.booking_key)."""
    return f"invitation-{invitation.code}"


def offers_of(invitation: Invitation) -> list[Offer]:
    """The places, phone or visio among which this person chooses."""
    return offers_for(invitation.organisation, invitation.follow_up.motif_category)


def offers_for(organisation: Organisation, motif_category: MotifCategory) -> list[Offer]:
    """What invited people of this category may choose from in this organisation."""
    motifs = Motif.objects.filter(
        organisation=organisation,
        motif_category=motif_category,
        bookable_by__in=BOOKABLE_WHEN_INVITED,
        collective=False,
        referent_only=False,
        deleted_at=None,
    ).select_related("organisation__department", "motif_category")
    return offers(motifs.order_by("id"))
