"""Pages for everybody, and the questions that machines ask."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the service is; agents who are logged in go straight to their people."""
    if request.user.is_authenticated:
        return redirect("organisations")
    return render(request, "public/home.html")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether work can be done: the database and the queue answer. 503 with the culprit otherwise."""
    checks = {"database": _answers("SELECT 1"), "queue": _answers("SELECT 1 FROM procrastinate_jobs LIMIT 1")}
    ready = all(checks.values())
    states = {name: "ok" if answers else "down" for name, answers in checks.items()}
    return JsonResponse({"status": "ok" if ready else "down", **states}, status=200 if ready else 503)


def _answers(question: str) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
    except DatabaseError:
        return False
    return True
