"""Addresses given to people about a rdv they have."""

from django.conf import settings

from rdv_insertion.agenda.models import Participation


def rdv_url(participation: Participation) -> str:
    """Where the person sees, moves or cancels the rdv."""
    return f"{settings.PUBLIC_URL}/rdv/{participation.code}"
