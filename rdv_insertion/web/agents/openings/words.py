"""The sentence of a repetition, while the form is being filled in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rdv_insertion.kernel import dates
from rdv_insertion.web.agents.openings.schedule_form import ONCE, ScheduleForm
from rdv_insertion.web.agents.openings.wording import DAY_END, DAY_START


@require_POST
def words(request: HttpRequest) -> HttpResponse:
    """What the fields of the repetition mean as they are now; nothing while they mean nothing."""
    data = request.POST.copy()
    # Hours say nothing of the repetition, and may not be typed yet.
    data["start_time"], data["end_time"] = f"{DAY_START:%H:%M}", f"{DAY_END:%H:%M}"
    form = ScheduleForm(data, today=dates.today(timezone.now()))
    valid = form.is_valid()
    schedule = form.schedule if valid and form.cleaned_data["repetition"] != ONCE else None
    return render(request, "agents/openings/words.html", {"schedule": schedule})
