"""What one invited person may choose from: places, phone, visio, home and collective rdvs.

The motifs are those of the organisation and category that invited people may book. The address of the person
and their referents then say for which of them they may be received, and by whom (`agenda.eligibility`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from rdv_insertion.agenda.creneaux import Offer, offers
from rdv_insertion.agenda.eligibility import Eligible, eligible, location_of
from rdv_insertion.agenda.enums import BOOKABLE_WHEN_INVITED
from rdv_insertion.agenda.models import Motif, PlageOuverture, Rdv, RdvAgent
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.models import Usager

# The agents who may receive for a motif, by its id; a motif for which anybody may is not there.
Receivers = Mapping[int, frozenset[int]]


class NothingBecause(StrEnum):
    """Why a person finds nothing to choose, when there is something to say of it."""

    NO_REFERENT = "no_referent"
    REFERENTS_FULL = "referents_full"
    FULL = "full"


def offers_of(invitation: Invitation, *, now: datetime) -> list[Offer]:
    """What this person may choose from at `now`. Nine queries at most."""
    follow_up = invitation.follow_up
    return offers_of_person(
        invitation.organisation,
        follow_up.motif_category,
        follow_up.usager,
        now=now,
        with_referents=invitation.with_referents,
    )


def offers_of_person(
    organisation: Organisation,
    motif_category: MotifCategory,
    usager: Usager,
    *,
    now: datetime,
    with_referents: bool = False,
) -> list[Offer]:
    """What this person may choose from in this organisation and category, collective rdvs included.

    `with_referents` leaves only what their referents offer. Places where nobody may receive them are left
    out. Nine queries at most, of which six only when a motif is kept for sectors or referents.
    """
    motifs = asked_motifs(organisation, motif_category, with_referents=with_referents)
    allowed = eligible(motifs, usager, location=location_of(usager, motifs, now=now))
    return offers_allowed(allowed, now=now)


def offers_allowed(allowed: Sequence[Eligible], *, now: datetime) -> list[Offer]:
    """What is offered to whoever may be received for these motifs by these agents. Four queries at most."""
    receivers = {motif.pk: agents for motif, agents in allowed if agents is not None}
    found = offers([motif for motif, _ in allowed], now=now)
    return _served(found, receivers) if receivers else found


def offers_for(
    organisation: Organisation,
    motif_category: MotifCategory,
    *,
    now: datetime | None = None,
    with_referents: bool = False,
) -> list[Offer]:
    """What invited people of this category may choose from, whoever they are; with `now`, ateliers too.

    Motifs kept for referents count only when the category has no other, or `with_referents`, and then alone.
    """
    motifs = asked_motifs(organisation, motif_category, with_referents=with_referents)
    return offers([motif for motif in motifs if not motif.referent_only] or motifs, now=now)


def asked_motifs(
    organisation: Organisation, motif_category: MotifCategory, *, with_referents: bool
) -> list[Motif]:
    """The motifs that invited people may book; `with_referents`, those kept for referents. One query."""
    motifs = bookable_motifs(organisation, motif_category)
    return list(motifs.filter(referent_only=True) if with_referents else motifs)


def referents_of(organisation: Organisation, usager_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the referents of each person who may receive them in this organisation. One query.

    By usager id; whoever has none is not there.
    """
    links = Usager.referents.through.objects.filter(
        usager__in=usager_ids,
        agent__is_active=True,
        agent__roles__organisation=organisation,
    ).select_related("agent")
    found: defaultdict[int, list[str]] = defaultdict(list)
    for link in links.order_by("agent__last_name", "agent__first_name", "agent_id"):
        found[link.usager_id].append(str(link.agent))
    return dict(found)


def preselected(invitation: Invitation, found: Sequence[Offer]) -> Offer | None:
    """The offer of the place that the agent chose for this person, when there is exactly one."""
    if invitation.lieu_id is None:
        return None
    there = [offer for offer in found if offer.lieu and offer.lieu.pk == invitation.lieu_id]
    return there[0] if len(there) == 1 else None


def nothing_because(
    organisation: Organisation, motif_category: MotifCategory, usager: Usager, *, with_referents: bool = False
) -> NothingBecause:
    """Why this person, who finds nothing to choose, finds nothing. Two queries."""
    motifs = asked_motifs(organisation, motif_category, with_referents=with_referents)
    if with_referents and not motifs:
        return NothingBecause.NO_REFERENT
    if not motifs or not all(motif.referent_only for motif in motifs):
        return NothingBecause.FULL
    return NothingBecause.REFERENTS_FULL if eligible(motifs, usager) else NothingBecause.NO_REFERENT


def bookable_motifs(organisation: Organisation, motif_category: MotifCategory) -> QuerySet[Motif]:
    """What invited people may book in this organisation and category, whoever they are."""
    return (
        Motif.objects.in_use()
        .filter(
            organisation=organisation, motif_category=motif_category, bookable_by__in=BOOKABLE_WHEN_INVITED
        )
        .select_related("organisation__department", "motif_category")
        .order_by("id")
    )


# ---- Places where nobody may receive this person are not offered.


def _served(found: Sequence[Offer], receivers: Receivers) -> list[Offer]:
    """The offers with their receivers, without the motifs and rdvs for which nobody there may receive."""
    there = _agents_by_motif_and_place(receivers)
    leading = _agents_of_rdvs(rdv for offer in found for rdv in offer.rdvs if rdv.motif_id in receivers)
    kept = (
        _collective(offer, receivers, leading) if offer.collective else _individual(offer, receivers, there)
        for offer in found
    )
    return [offer for offer in kept if offer.motifs]


def _individual(
    offer: Offer, receivers: Receivers, there: Mapping[tuple[int, int | None], set[int]]
) -> Offer:
    place = offer.lieu.pk if offer.lieu else None
    motifs = tuple(
        motif
        for motif in offer.motifs
        if motif.pk not in receivers or receivers[motif.pk] & there[motif.pk, place]
    )
    return replace(offer, motifs=motifs, receivers=receivers)


def _collective(offer: Offer, receivers: Receivers, leading: Mapping[int, set[int]]) -> Offer:
    rdvs = tuple(
        rdv
        for rdv in offer.rdvs
        if rdv.motif_id not in receivers or receivers[rdv.motif_id] & leading[rdv.pk]
    )
    still = {rdv.motif_id for rdv in rdvs}
    return replace(offer, motifs=tuple(motif for motif in offer.motifs if motif.pk in still), rdvs=rdvs)


def _agents_by_motif_and_place(receivers: Receivers) -> Mapping[tuple[int, int | None], set[int]]:
    """Who has plages for these motifs, by place; those who receive anywhere but at a place, under None."""
    plages = PlageOuverture.motifs.through.objects.filter(motif__in=list(receivers))
    found: defaultdict[tuple[int, int | None], set[int]] = defaultdict(set)
    for motif_id, lieu_id, agent_id in plages.values_list(
        "motif_id", "plageouverture__lieu_id", "plageouverture__agent_id"
    ):
        for place in {lieu_id, None}:
            found[motif_id, place].add(agent_id)
    return found


def _agents_of_rdvs(rdvs: Iterable[Rdv]) -> Mapping[int, set[int]]:
    ids = [rdv.pk for rdv in rdvs]
    found: defaultdict[int, set[int]] = defaultdict(set)
    if ids:
        for rdv_id, agent_id in RdvAgent.objects.filter(rdv__in=ids).values_list("rdv_id", "agent_id"):
            found[rdv_id].add(agent_id)
    return found
