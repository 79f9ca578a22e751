"""What is done about several invitations at once, whether a run or an import sent them."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from rdv_insertion.invitations import results
from rdv_insertion.invitations.letters import letters_pdf
from rdv_insertion.invitations.models import Invitation
from rdv_insertion.invitations.services import resending
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.services import mark_printed
from rdv_insertion.web.pdf import pdf_response


def send_stopped_again(request: HttpRequest, invitations: QuerySet[Invitation]) -> None:
    """Try once more the messages that a technical failure stopped, and say how many leave."""
    count = resending.send_stopped_again(invitations=invitations, now=timezone.now())
    if count:
        messages.success(request, f"{plural(count, 'message repart', 'messages repartent')}.")
    else:
        messages.info(request, "Aucun message n'est à envoyer de nouveau.")


def printed_letters(invitations: QuerySet[Invitation], name: str) -> HttpResponse:
    """The letters in one PDF, marked printed; as often as one likes. Raises Http404 when there is none."""
    several = list(results.letters(invitations))
    if not several:
        raise Http404
    content = letters_pdf(several)
    mark_printed(message_ids=[one.message_id for one in several if one.message_id], now=timezone.now())
    return pdf_response(content, name)
