"""From a code to what it opens (design/domain.md § Links)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.enums import BOOKABLE_WHEN_INVITED, CANCELLED
from rdv_insertion.agenda.models import Motif, Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import UsagerOrganisation


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
    """What `code` opens at `now`, or None when nobody was given it. Two queries.

    A follow-up that is closed, or a person whom the organisation no longer follows, makes it expired.
    """
    invitations = Invitation.objects.annotate(followed=_followed()).select_related(
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


def _followed() -> Exists:
    """Whether the inviting organisation still follows the invited person."""
    return Exists(
        UsagerOrganisation.objects.filter(
            usager=OuterRef("follow_up__usager"), organisation=OuterRef("organisation"), archived_at=None
        )
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
            _followed(),
            follow_up=participation.follow_up_id,
            follow_up__closed_at=None,
            organisation__archived_at=None,
        )
        .first()
    )


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
