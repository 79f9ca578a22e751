"""One message: its mail as it was sent, its letter, and sending it again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from lxml import html

from rdv_insertion.agents.models import Agent
from rdv_insertion.invitations.letters import letters_of_messages
from rdv_insertion.invitations.services.resending import resend
from rdv_insertion.invitations.usefulness import Useless, with_usefulness
from rdv_insertion.messaging.enums import FAILED, Channel
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services import mark_printed, send_again
from rdv_insertion.messaging.services.resending import CannotResend, current_contact
from rdv_insertion.web.agents.access import agent_of, page_to_return_to
from rdv_insertion.web.agents.messages.showing import recipient_of
from rdv_insertion.web.pdf import pdf_response

# Words of ours around what people typed: it may be styled, and that is all.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)


def get_message_for(agent: Agent, message_id: int) -> Message:
    """The message, if one of the agent's organisations sent it, with its `useless`. Raises Http404."""
    visible = Message.objects.visible_to(agent).select_related("organisation__department", "usager")
    message = with_usefulness(visible, now=timezone.now()).filter(pk=message_id).first()
    if message is None:
        raise Http404
    return message


@require_safe
def mail(request: HttpRequest, message_id: int) -> HttpResponse:
    """The mail as it was sent. Its links are the person's own: here they lead nowhere."""
    message = get_message_for(agent_of(request), message_id)
    if not message.html:
        raise Http404
    return HttpResponse(
        _without_links(message.html),
        headers={"Content-Security-Policy": _MAIL_POLICY, "Cache-Control": "private, no-store"},
    )


def _without_links(source: str) -> str:
    document = html.document_fromstring(source)
    for element in document.iter():
        for name in ("href", "action", "formaction"):
            element.attrib.pop(name, None)
    return str(html.tostring(document, doctype="<!DOCTYPE html>", encoding="unicode"))


@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, message_id: int) -> HttpResponse:
    """The letter as it was written: to look at (GET), or to print and have it marked printed (POST)."""
    message = get_message_for(agent_of(request), message_id)
    if message.channel != Channel.LETTER:
        raise Http404
    pdf = letters_of_messages([message])
    if request.method == "POST":
        mark_printed(message_ids=[message.pk], now=timezone.now())
    return pdf_response(pdf, f"courrier-{message.pk}.pdf")


@require_POST
def again(request: HttpRequest, message_id: int) -> HttpResponse:
    """Send a message that failed again: to where the person is reached now, if that was corrected."""
    message = get_message_for(agent_of(request), message_id)
    contact = current_contact(message)
    if message.useless:  # type: ignore[attr-defined]
        messages.warning(request, str(Useless(message.useless).label))  # type: ignore[attr-defined]
    elif message.status in FAILED and contact and contact != message.recipient:
        _resend(request, message)
    elif send_again(message_ids=[message.pk], now=timezone.now()):
        messages.success(request, f"Le message repart : {recipient_of(message)}.")
    else:
        messages.info(request, "Ce message n'est pas à renvoyer.")
    stopped = reverse("messages_stopped", args=[message.organisation.slug])
    return redirect(page_to_return_to(request, stopped))


def _resend(request: HttpRequest, message: Message) -> None:
    try:
        sent = resend(message=message, now=timezone.now())
    except CannotResend as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Le message part au nouveau contact : {recipient_of(sent)}.")
