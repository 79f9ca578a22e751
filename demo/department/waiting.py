"""What waits for an agent: runs to launch or to go on with, and people who find no slot."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from demo.department.structures import Structures
from rdv_insertion.followups.models import FollowUp, FollowUpQuerySet
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.models import (
    CategoryConfiguration,
    Invitation,
    InvitationRun,
    InvitationTarget,
)
from rdv_insertion.invitations.services import runs
from rdv_insertion.messaging.enums import INVITATIONS, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.outcomes import ARCHIVED

_MAIN = ("valence", "rsa_orientation")
# Its motif is there, and nobody opens plages for it.
WITHOUT_SLOTS = ("die", "rsa_cer_signature")
_PREPARED_AGO = timedelta(minutes=25)
# Of those not invited yet, how many were left when a run was stopped; others have a rdv, or are archived.
_LEFT, _WITH_A_RDV, _ARCHIVED = 6, 3, 1
_LOOKED_AFTER = timedelta(minutes=2)


def leave_people_without_slot(invitations: Iterable[Invitation]) -> None:
    """All but one of those who are invited to what nobody opens have looked for a slot, in vain.

    They looked after the last of their `invitations`, which are not written yet.
    """
    last: dict[int, Invitation] = {}
    for one in sorted(invitations, key=lambda one: one.created_at):
        if (one.organisation.slug, one.follow_up.motif_category.short_name) == WITHOUT_SLOTS:
            last[one.follow_up.pk] = one
    for one in list(last.values())[1:]:
        one.clicked_at = one.no_slot_at = one.created_at + _LOOKED_AFTER


def call_back_an_invitation() -> None:
    """The last SMS to somebody who is archived was called back when they became it, before the morning."""
    message = Message.objects.filter(
        channel=Channel.SMS, purpose__in=INVITATIONS, usager__memberships__archived_at__isnull=False
    ).latest("created_at")
    message.status, message.failure = MessageStatus.WITHDRAWN, ARCHIVED.sentence
    message.attempts, message.settled_at = 0, message.created_at + _LOOKED_AFTER
    message.sending_at = message.sent_at = None
    message.provider = message.provider_reference = message.delivery_code = ""
    message.save()


def create_waiting_runs(structures: Structures, *, now: datetime) -> None:
    """The last run done becomes one that was stopped; two others are to be checked and launched."""
    main, empty = structures.configurations[_MAIN], structures.configurations[WITHOUT_SLOTS]
    new = list(_followed(main).filter(last_invited_at=None, latest_unknown_rdv_at=None))
    stopped = InvitationRun.objects.filter(configuration=main).latest("created_at")
    InvitationTarget.objects.bulk_create(InvitationTarget(run=stopped, follow_up=one) for one in new[:_LEFT])
    expected = _followed(main).filter(latest_unknown_rdv_at__gt=now)[:_WITH_A_RDV]
    archived = _followed(main, archived=True)[:_ARCHIVED]
    _prepare(structures, main, "agent", [*new[_LEFT:], *expected, *archived], now=now)
    _prepare(structures, empty, "partenaire", list(_followed(empty).filter(last_invited_at=None)), now=now)


def _followed(configuration: CategoryConfiguration, *, archived: bool = False) -> FollowUpQuerySet:
    """The follow-ups of the category, closed ones left out, of people of the organisation."""
    return FollowUp.objects.filter(
        motif_category=configuration.motif_category,
        closed_at=None,
        usager__memberships__organisation=configuration.organisation,
        usager__memberships__archived_at__isnull=not archived,
    ).order_by("pk")


def _prepare(
    structures: Structures,
    configuration: CategoryConfiguration,
    agent: str,
    follow_ups: Sequence[FollowUp],
    *,
    now: datetime,
) -> None:
    runs.prepare(
        configuration=configuration,
        follow_ups=[one.pk for one in follow_ups],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        agent=structures.agents[agent],
        now=now - _PREPARED_AGO,
    )
