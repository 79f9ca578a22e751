"""The first page of an invitation, and the page where a code is typed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.words import words_for
from rdv_insertion.invitations import services
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.web.usagers.access import invitation_page, look_up, person_page, unknown_code
from rdv_insertion.web.usagers.appointments import duration_label
from rdv_insertion.web.usagers.conditions import instructions_for_all
from rdv_insertion.web.usagers.forms import CodeForm
from rdv_insertion.web.usagers.views.booking import choice_of
from rdv_insertion.web.usagers.wording import spoken


@person_page
def type_code(request: HttpRequest) -> HttpResponse:
    """Type the code of an invitation or of a rdv, as it is printed in letters."""
    form = CodeForm(request.POST or None)
    if form.is_valid():
        found = look_up(request, form.cleaned_data["code"], timezone.now())
        if isinstance(found, Participation):
            return redirect("rdv", found.code)
        if found:
            return redirect("open_invitation", found.invitation.code)
        form.add_error("code", unknown_code())
    return render(request, "usagers/type_code.html", {"form": form})


@invitation_page
def open_invitation(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    """Who invites, why, how long it takes; what is at stake when the category says so; one button."""
    if request.method == "GET" and invitation.clicked_at is None:
        services.mark_clicked(invitation=invitation, now=now)
    choice = choice_of(request, invitation, now)
    context = {
        "invitation": invitation,
        "help_phone": invitation.help_phone_number,
        "choice": choice,
        "instructions": instructions_for_all(choice),
        "until": choice.until,
        **_about(invitation, choice.offers),
    }
    return render(request, "usagers/opening.html", context)


def _about(invitation: Invitation, offers: Sequence[Offer]) -> dict[str, Any]:
    """What the rdv is, in the words of the organisation, else in those of the category. One query."""
    category = invitation.follow_up.motif_category
    words = words_for(invitation.organisation_id, category)
    only_by_phone = {offer.location_type for offer in offers} == {LocationType.PHONE}
    durations = sorted({motif.duration for offer in offers for motif in offer.motifs})
    return {
        "title": spoken(words.title_by_phone if only_by_phone else words.title),
        "purpose": spoken(words.purpose),
        "duration": _either(durations),
        "mandatory": words.mandatory,
        "warning": spoken(words.punishable_warning),
    }


def _either(durations: Sequence[timedelta]) -> str:
    """`30 minutes ou 1 heure`; an empty string without any."""
    labels = [duration_label(duration) for duration in durations]
    if len(labels) < 2:
        return "".join(labels)
    return gettext("%(first)s ou %(last)s") % {"first": ", ".join(labels[:-1]), "last": labels[-1]}
