"""What the address of *Trouver un créneau* asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from rdv_insertion.agenda.models import Motif
from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.enums import MotifCategoryType
from rdv_insertion.followups.models import FollowUp, MotifCategory
from rdv_insertion.kernel import dates
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs import people
from rdv_insertion.web.agents.rdvs.people import Person

OTHER_MOTIFS = "autres"
_YEARS_AHEAD = 5
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Question:
    """What the address asks, once what makes no sense in it is left out."""

    organisation: Organisation
    person: Person | None
    categories: Sequence[MotifCategory | None]
    category: MotifCategory | None
    # All those of the category; then those looked for.
    offered: Sequence[Motif]
    motifs: Sequence[Motif]
    motif: Motif | None
    agents: Sequence[Agent]
    agent: Agent | None
    # Nothing before this moment: now, or the day asked for.
    since: datetime
    since_day: date | None
    monday: date | None


def question_of(request: HttpRequest, organisation: Organisation, now: datetime) -> Question:
    """Read the address. Without a category: that of the person's follow-ups, else the first one."""
    asked, viewer = request.GET, agent_of(request)
    person = people.chosen_one(viewer, asked.get("usager", ""))
    motifs = list(
        Motif.objects.in_use()
        .filter(organisation=organisation)
        .select_related("motif_category")
        .order_by("name", "pk")
    )
    for one in motifs:
        one.organisation = organisation
    motif = next((one for one in motifs if str(one.pk) == asked.get("motif")), None)
    categories = _categories(motifs)
    category = _category(asked.get("categorie", ""), categories, motif, person)
    offered = [one for one in motifs if one.motif_category == category]
    motif = motif if motif in offered else None
    agents = list(organisation.agents.filter(is_active=True).order_by("last_name", "first_name", "pk"))
    since_day = day_asked(asked.get("depuis", ""), now)
    midnight = dates.at(since_day, time(), organisation.time_zone) if since_day else now
    week = day_asked(asked.get("semaine", ""), now)
    return Question(
        organisation=organisation,
        person=person,
        categories=categories,
        category=category,
        offered=offered,
        motifs=[motif] if motif else offered,
        motif=motif,
        agents=agents,
        agent=next((one for one in agents if str(one.pk) == asked.get("agent")), None),
        since=max(now, midnight),
        since_day=since_day,
        monday=week - timedelta(days=week.weekday()) if week else None,
    )


def _categories(motifs: Iterable[Motif]) -> list[MotifCategory | None]:
    """Those of the motifs, in their order; None stands for the motifs that have none."""
    found = {one.motif_category for one in motifs}
    known = [one for one in found if one is not None]
    ordered: list[MotifCategory | None] = [*sorted(known, key=lambda one: (one.position, one.name))]
    return [*ordered, None] if None in found else ordered


def _category(
    asked: str, categories: Sequence[MotifCategory | None], motif: Motif | None, person: Person | None
) -> MotifCategory | None:
    for one in categories:
        if asked == (one.short_name if one else OTHER_MOTIFS):
            return one
    if motif is not None:
        return motif.motif_category
    known = [one for one in categories if one is not None]
    if person and len(known) > 1:
        followed = FollowUp.objects.filter(usager=person.usager, closed_at=None, motif_category__in=known)
        last = followed.order_by("-motif_category__position", "-created_at").first()
        return next((one for one in known if last and one.pk == last.motif_category_id), known[0])
    return next(iter(categories), None)


def next_category(category: MotifCategory | None, organisation: Organisation) -> MotifCategory | None:
    """What follows a rdv of `category` in this organisation: after orientation, accompaniment. One query."""
    if category is None or category.motif_category_type != MotifCategoryType.RSA_ORIENTATION:
        return category
    motifs = Motif.objects.in_use().filter(
        organisation=organisation,
        motif_category__motif_category_type=MotifCategoryType.RSA_ACCOMPAGNEMENT,
    )
    following = motifs.select_related("motif_category").order_by("motif_category__position", "pk").first()
    return following.motif_category if following else category


def next_rdv_url(usager_id: int, category: MotifCategory | None, organisation: Organisation) -> str:
    """Where the next rdv of this person is taken."""
    asked = {"usager": str(usager_id), "organisation": organisation.slug}
    if category:
        asked["categorie"] = category.short_name
    return f"{reverse('find_slot')}?{urlencode(asked)}"


def day_asked(typed: str, now: datetime) -> date | None:
    """A day of the years to come; None for anything else."""
    try:
        day = date.fromisoformat(typed[:10])
    except ValueError:
        return None
    today = dates.today(now)
    return day if today - _WEEK <= day <= today + timedelta(days=_YEARS_AHEAD * 365) else None
