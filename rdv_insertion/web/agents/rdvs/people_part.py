"""The part of a rdv's form in which people are searched, added, removed or created, without losing the rest.

Each of its buttons sends the whole form: `chercher`, `ajouter`, `retirer`, `creer`. The page comes back with
what was typed; htmx only replaces this part.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest

from rdv_insertion.territory.models import Organisation
from rdv_insertion.usagers.services import MissingIdentity
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.agents.rdvs import new_person, people
from rdv_insertion.web.agents.rdvs.new_person import NewPersonForm
from rdv_insertion.web.agents.rdvs.people import Found, Person

BUTTONS = ("chercher", "ajouter", "retirer", "creer")
_MOST = 30


@dataclass
class PeoplePart:
    """What the part shows."""

    chosen: list[Person] = field(default_factory=list)
    found: Found = field(default_factory=Found)
    form: NewPersonForm | None = None
    creating: bool = False
    lookalikes: list[Person] = field(default_factory=list)
    said: str = ""


def is_asked(request: HttpRequest) -> bool:
    """Whether a button of this part sent the form."""
    return request.method == "POST" and any(name in request.POST for name in BUTTONS)


def read(request: HttpRequest, organisation: Organisation, now: datetime) -> PeoplePart:
    """The part as the address or the form says, after what its button asks."""
    viewer = agent_of(request)
    sent = request.POST if request.method == "POST" else request.GET
    values = sent.getlist("usagers") + sent.getlist("usager")
    values = [value for value in values if value != sent.get("retirer")]
    if sent.get("ajouter"):
        values.append(sent["ajouter"])
    part = PeoplePart(chosen=people.chosen(viewer, values[:_MOST]), form=NewPersonForm(None, now=now))
    if "creer" in request.POST:
        _create(request, part, organisation, now)
    elif "chercher" in request.POST or request.GET.get("q"):
        known = [one.usager.pk for one in part.chosen]
        part.found = people.search(viewer, sent.get("q", ""), excluded=known)
    return part


def _create(request: HttpRequest, part: PeoplePart, organisation: Organisation, now: datetime) -> None:
    form = part.form = NewPersonForm(request.POST, now=now)
    part.creating = True
    if not form.is_valid():
        return
    part.lookalikes = new_person.lookalikes(form, organisation, agent_of(request))
    if part.lookalikes and request.POST.get("creer") != "quand-meme":
        return
    try:
        usager = new_person.create(form, organisation, now)
    except MissingIdentity as error:
        form.add_error(None, str(error))
        return
    part.chosen.append(Person(usager, str(usager.pk), masked=False))
    part.form, part.creating, part.lookalikes = NewPersonForm(None, now=now), False, []
    part.said = f"{usager} est créée et ajoutée à ce rendez-vous."
