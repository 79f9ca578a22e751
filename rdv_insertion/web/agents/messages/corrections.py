"""The numbers and addresses at which nothing arrives: what remains to correct."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.web.agents.messages.tabs import asked, to_correct

PAGE_SIZE = 25
_KINDS = [(Channel.SMS.value, "Téléphones"), (Channel.EMAIL.value, "Adresses mail")]


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Whom to correct, the newest first; `?canal=` keeps phones or mails. Corrected, a line is gone."""
    about = asked(request, slug)
    channel = next((key for key, _ in _KINDS if key == request.GET.get("canal")), "")
    refused = to_correct(about.organisation).select_related("usager").order_by("-refused_at", "-pk")
    if channel:
        refused = refused.filter(channel=channel)
    page = Paginator(refused, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **about.context("messages_to_correct"),
        "page": page,
        "refused": list(page.object_list),
        "kinds": _KINDS,
        "channel": channel,
    }
    return render(request, "agents/messages/to_correct.html", context)
