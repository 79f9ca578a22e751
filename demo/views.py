"""/demo: the tour, and everything that was sent as the person sees it. In demonstration only, open to all."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from demo import answers, outbox, tour
from rdv_insertion.agents.models import Agent
from rdv_insertion.exchanges.services import receive_mail
from rdv_insertion.invitations.letters import letters_of_messages
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import message_id_of

_MESSAGES_PER_PAGE = 20
# A mail is somebody else's HTML: it may be styled, and that is all.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@require_safe
@login_not_required
def show_tour(request: HttpRequest) -> HttpResponse:
    """Each state of the product, one click away."""
    return render(request, "demo/tour.html", {"chapters": tour.chapters(now=timezone.now())})


@require_POST
@login_not_required
def go(request: HttpRequest) -> HttpResponse:
    """Log in as one of the made-up agents, whose password everybody knows, and open the page asked for."""
    agent = get_object_or_404(Agent, email=request.POST.get("compte", ""), is_active=True)
    address = request.POST.get("page", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        raise Http404
    login(request, agent, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(address)


@require_safe
@login_not_required
def messages(request: HttpRequest) -> HttpResponse:
    """The list, filtered by channel and recipient."""
    channel, recipient = request.GET.get("canal", ""), request.GET.get("destinataire", "").strip()
    channel = channel if channel in Channel.values else ""
    found = outbox.entries(_folder(), channel=channel, recipient=recipient)
    page = Paginator(found, _MESSAGES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "received": [_card(received) for received in outbox.opened(_folder(), page.object_list)],
        "answered": "repondu" in request.GET,
        "channel": channel,
        "recipient": recipient,
        "channels": Channel.choices,
        "filtered": bool(channel or recipient),
    }
    return render(request, "demo/messages.html", context)


def _card(received: outbox.Received) -> dict[str, object]:
    return {
        "message": received,
        "key": received.entry.key,
        "channel": received.entry.channel,
        "sender": outbox.shown_sender(received),
        "recipient": outbox.shown_recipient(received),
        "answerable": message_id_of(received.reply_to) is not None,
    }


@require_POST
@login_not_required
def answer(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one mail as the person would, by the door that its provider uses."""
    received, text = _received(name), request.POST.get("reponse", "").strip()
    if message_id_of(received.reply_to) is None:
        raise Http404
    if text:
        receive_mail(body=answers.posted(received, text), now=timezone.now())
    return redirect(f"{reverse('demo_messages')}?canal=email{'&repondu=1' if text else ''}")


@require_safe
@login_not_required
@xframe_options_sameorigin
def mail_body(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of one mail, shut in: no script, no network, links open beside."""
    received = _received(name)
    if not received.html:
        raise Http404
    body = received.html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(body, headers={"Content-Security-Policy": _MAIL_POLICY})


@require_safe
@login_not_required
def mail_event(request: HttpRequest, name: str) -> HttpResponse:
    """The event attached to one mail."""
    received = _received(name)
    if not received.calendar:
        raise Http404
    disposition = 'attachment; filename="rendez-vous.ics"'
    return HttpResponse(
        received.calendar, content_type="text/calendar", headers={"Content-Disposition": disposition}
    )


@require_safe
@login_not_required
def letter(request: HttpRequest, message_id: int) -> HttpResponse:
    """One letter, as it is printed."""
    letters = Message.objects.select_related("organisation__department", "usager")
    found = get_object_or_404(letters, pk=message_id, channel=Channel.LETTER)
    disposition = 'inline; filename="courrier.pdf"'
    return HttpResponse(
        letters_of_messages([found]),
        content_type="application/pdf",
        headers={"Content-Disposition": disposition},
    )


def _folder() -> Path:
    return Path(settings.DEMO_OUTBOX)


def _received(name: str) -> outbox.Received:
    received = outbox.find(_folder(), name)
    if received is None:
        raise Http404
    return received
