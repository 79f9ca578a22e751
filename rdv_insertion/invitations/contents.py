"""What the texts of invitations are given: the facts of each person, read once for all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.followups.words import words_for
from rdv_insertion.invitations.links import invitation_url, typing_page
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.invitations.proposals import bookable_motifs
from rdv_insertion.kernel import codes, dates, phone
from rdv_insertion.messaging.channels.letter.frame import LetterFrame, frame_for
from rdv_insertion.messaging.enums import Channel, TemplateModel
from rdv_insertion.messaging.identity import SenderIdentity, identity_of
from rdv_insertion.messaging.texts import InvitationContent, addressee_of


class Contents:
    """Makes the contents of the invitations of one category in one organisation.

    `referents` are names by usager id, for invitations to be received by them. Three queries at most,
    whatever the number of invitations.
    """

    def __init__(
        self, configuration: CategoryConfiguration, *, referents: Mapping[int, Sequence[str]] | None = None
    ) -> None:
        self._configuration, self._referents = configuration, referents or {}
        self._words = words_for(configuration.organisation_id, configuration.motif_category)

    def of(self, invitation: Invitation, *, now: datetime, reminder: bool = False) -> InvitationContent:
        """What `invitation` says at `now`; the days left are the real ones."""
        organisation, usager = self._configuration.organisation, invitation.follow_up.usager
        expires_at = None if invitation.expires_at == dates.NEVER else invitation.expires_at
        by_letter = invitation.channel == Channel.LETTER
        return InvitationContent(
            addressee=addressee_of(usager),
            words=self._words,
            organisation=organisation.name,
            department=organisation.department.name,
            link=invitation_url(invitation.code),
            code=codes.display(invitation.code),
            typing_page=typing_page(),
            days_left=dates.days_left(expires_at, now=now) if expires_at else None,
            last_day=expires_at.astimezone(organisation.time_zone).date() if expires_at else None,
            help_phone=phone.display(invitation.help_phone_number),
            reminder=reminder,
            referents=self._names(invitation),
            by_phone=self._by_phone,
            letter=self._frame(invitation, now) if by_letter else None,
        )

    def _names(self, invitation: Invitation) -> tuple[str, ...]:
        return tuple(self._referents.get(invitation.follow_up.usager_id, ()))

    def _frame(self, invitation: Invitation, now: datetime) -> LetterFrame:
        # A phone platform is called: a code to type would say two things at once.
        online = self._words.model != TemplateModel.PHONE_PLATFORM
        return frame_for(
            invitation.follow_up.usager,
            self._configuration.organisation,
            self._identity,
            help_phone=invitation.help_phone_number,
            moment=now,
            referents=self._names(invitation),
            link=invitation_url(invitation.code) if online else "",
            code=invitation.code if online else "",
            typing_page=typing_page() if online else "",
        )

    @cached_property
    def _identity(self) -> SenderIdentity:
        return identity_of(self._configuration.organisation)

    @cached_property
    def _by_phone(self) -> bool:
        """Whether all that they may choose is by phone."""
        motifs = bookable_motifs(self._configuration.organisation, self._configuration.motif_category)
        kinds = set(motifs.order_by().values_list("location_type", flat=True).distinct())
        return kinds == {LocationType.PHONE}
