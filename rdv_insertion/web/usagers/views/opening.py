"""The first page of an invitation, and the page where a code is typed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from rdv_insertion.agenda.creneaux import Offer
from rdv_insertion.agenda.enums import LocationType
from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import MotifCategoryType
from rdv_insertion.followups.models import MotifCategory
from rdv_insertion.invitations import services
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.web.usagers.access import UNKNOWN_CODE, invitation_page, look_up, person_page
from rdv_insertion.web.usagers.appointments import duration_label
from rdv_insertion.web.usagers.conditions import instructions_for_all
from rdv_insertion.web.usagers.forms import CodeForm
from rdv_insertion.web.usagers.views.booking import choice_of

_RSA = (MotifCategoryType.RSA_ORIENTATION, MotifCategoryType.RSA_ACCOMPAGNEMENT)


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
        form.add_error("code", UNKNOWN_CODE)
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
        **_about(invitation.follow_up.motif_category, choice.offers),
    }
    return render(request, "usagers/opening.html", context)


def _about(category: MotifCategory, offers: Sequence[Offer]) -> dict[str, Any]:
    """What the rdv is, in the words of its category."""
    only_by_phone = {offer.location_type for offer in offers} == {LocationType.PHONE}
    durations = sorted({motif.duration for offer in offers for motif in offer.motifs})
    return {
        "title": category.rdv_title_by_phone if only_by_phone else category.rdv_title,
        "purpose": category.rdv_purpose,
        "duration": " ou ".join(duration_label(duration) for duration in durations),
        "mandatory": category.is_mandatory,
        "rsa_at_stake": category.is_mandatory and category.motif_category_type in _RSA,
    }
