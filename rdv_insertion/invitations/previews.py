"""The words that a run would send, with a real person of it, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_insertion.invitations.contents import Contents
from rdv_insertion.invitations.models import InvitationRun, InvitationTarget
from rdv_insertion.invitations.proposals import referents_of
from rdv_insertion.invitations.results import Kind, targets
from rdv_insertion.invitations.services.inviting import new_invitation
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.channels.sms.encoding import segments
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Text
from rdv_insertion.usagers.models import Usager

# What is shown for the code, which everybody has their own of.
_SAMPLE_CODE = "ABCDEFGH"


@dataclass(frozen=True)
class Preview:
    """The text of one channel for one person."""

    channel: Channel
    text: Text
    # How many SMS it takes; 0 for a mail or a letter.
    segments: int


@dataclass(frozen=True)
class Previews:
    """The texts of the channels chosen, for somebody of the run."""

    usager: Usager
    texts: list[Preview]


def texts_for(run: InvitationRun, *, now: datetime) -> Previews | None:
    """What the first person of `run` who is reached would receive, or the first one; None without people."""
    target = _sample(run)
    if target is None:
        return None
    follow_up = target.follow_up
    channels = [channel for channel in Channel if channel in run.channels]
    names: dict[int, Sequence[str]] = {}
    if run.with_referents:
        names |= referents_of(run.configuration.organisation, [follow_up.usager_id])
    contents = Contents(run.configuration, referents=names)
    texts = []
    for channel in channels:
        invitation = new_invitation(follow_up, run.configuration, channel, now)
        invitation.code, invitation.with_referents = _SAMPLE_CODE, run.with_referents
        texts.append(contents.of(invitation, now=now).render(channel, follow_up.usager.language))
    return Previews(
        follow_up.usager,
        [
            Preview(channel, text, segments(text.text) if channel == Channel.SMS else 0)
            for channel, text in zip(channels, texts, strict=True)
        ],
    )


def _sample(run: InvitationRun) -> InvitationTarget | None:
    """Somebody who is reached, and in French when there is one: agents read it."""
    reached = targets(run, kind=Kind.LEAVING)
    in_order = (
        reached.filter(follow_up__usager__language=Language.FR),
        reached,
        targets(run, kind=Kind.ALL),
    )
    detailed = (several.select_related("follow_up__usager__department") for several in in_order)
    return next((found for several in detailed if (found := several.first())), None)
