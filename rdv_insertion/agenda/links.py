"""Addresses given to people and to agents about a rdv they have."""

from django.conf import settings

from rdv_insertion.agenda.models import Participation, Rdv
from rdv_insertion.usagers.models import Usager


def rdv_url(participation: Participation) -> str:
    """Where the person sees, moves or cancels the rdv."""
    return f"{settings.PUBLIC_URL}/rdv/{participation.code}"


def earlier_slot_url(participation: Participation) -> str:
    """Where the person takes, or not, an earlier créneau that is kept for them."""
    return f"{rdv_url(participation)}/plus-tot"


def agent_rdv_url(rdv: Rdv) -> str:
    """Where its agents see it."""
    return f"{settings.PUBLIC_URL}/rdvs/{rdv.pk}/"


def usager_url(usager: Usager) -> str:
    """Where the agents who follow a person see them."""
    return f"{settings.PUBLIC_URL}/usagers/{usager.pk}/"


def account_url() -> str:
    """Where an agent chooses which mails they get."""
    return f"{settings.PUBLIC_URL}/compte/"
