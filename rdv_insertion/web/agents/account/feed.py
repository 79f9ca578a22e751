"""The calendar that an agent's own program reads: the secret in its address is the only key."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.calendar import feed_of, version_of
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.services import calendar_index
from rdv_insertion.kernel import throttle
from rdv_insertion.kernel.http import client_address
from rdv_insertion.kernel.throttle import Limit

UNKNOWN_SECRETS = Limit("unknown-calendar", 30, timedelta(minutes=10))


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The agent's rdvs as text/calendar; 304 when the reader has them already, 404 for an unknown secret.

    A right secret is answered whatever else its network asked: the machines of a calendar provider read for
    thousands of agents, and go on asking for an address that was changed.
    """
    now = timezone.now()
    agent = Agent.objects.filter(calendar_index=calendar_index(secret), is_active=True).first()
    if agent is None:
        throttle.attempt(UNKNOWN_SECRETS, client_address(request), now=now)
        raise Http404
    text = feed_of(agent, now=now)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["ETag"] = f'W/"{version_of(text)}"'
    # Kept by the reader only, and asked again each time.
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = 'inline; filename="rendez-vous.ics"'
    response["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
