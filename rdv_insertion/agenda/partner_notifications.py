"""A rdv taken by a partner: the organisation that receives and the partner both learn it, by mail."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rdv_insertion.agenda.calendar import place_for_agents
from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.links import agent_rdv_url, usager_url
from rdv_insertion.agenda.models import Participation
from rdv_insertion.agenda.presentation import help_phone, title_of
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.kernel import dates
from rdv_insertion.messaging import services as messaging
from rdv_insertion.messaging.enums import Channel, Purpose
from rdv_insertion.messaging.texts import FromTemplates


def tell_partners(participation_ids: Sequence[int], *, now: datetime) -> None:
    """Write the mails about those of these participations that a partner took; once for each."""
    taken = Participation.objects.with_details().filter(
        pk__in=participation_ids, created_by=CreatedBy.PRESCRIPTEUR, created_by_agent__isnull=False
    )
    drafts = [
        draft
        for participation in taken.select_related("created_by_agent").order_by("pk")
        for draft in _drafts(participation)
    ]
    messaging.enqueue(drafts=drafts, now=now)


def _drafts(participation: Participation) -> Iterator[messaging.Draft]:
    organisation, prescriber = participation.rdv.organisation, participation.created_by_agent
    context = _context(participation)
    for recipient in (organisation, prescriber):
        if recipient is not None and recipient.email:
            yield messaging.Draft(
                organisation=organisation,
                to=recipient,
                purpose=Purpose.PRESCRIPTION,
                channel=Channel.EMAIL,
                about=f"participation-{participation.pk}",
                content=FromTemplates(
                    Purpose.PRESCRIPTION, context | _for(recipient == prescriber, participation)
                ),
            )


def _for(prescriber: bool, participation: Participation) -> dict[str, Any]:
    """What differs: the partner sees the person's page, not the agenda of the organisation that receives."""
    link = usager_url(participation.usager) if prescriber else agent_rdv_url(participation.rdv)
    return {"to_prescriber": prescriber, "link": link}


def _context(participation: Participation) -> dict[str, Any]:
    rdv, prescriber, usager = participation.rdv, participation.created_by_agent, participation.usager
    own = organisations_of(prescriber).filter(department=rdv.organisation.department) if prescriber else None
    first = own.first() if own is not None else None
    return {
        # A mail may be read over a shoulder: the first letter of the last name is enough to recognise.
        "person": f"{usager.first_name} {usager.last_name[:1]}.",
        "prescriber": str(prescriber),
        "prescriber_organisation": first.name if first else "",
        "organisation": rdv.organisation.name,
        "title": title_of(rdv),
        "moment": dates.long_moment(rdv.starts_at, rdv.time_zone),
        "place": [place_for_agents(rdv)],
        "access": rdv.lieu.access if rdv.lieu else "",
        "help_phone": help_phone(rdv),
    }
