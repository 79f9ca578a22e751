"""What only the pages of rdvs need: seats, and what a status does."""

from typing import Any

from django import template

from rdv_insertion.agenda.models import Rdv

register = template.Library()


@register.filter
def is_full(rdv: Rdv) -> bool:
    """Whether a collective rdv has no seat left."""
    return rdv.max_participants_count is not None and rdv.seats_taken >= rdv.max_participants_count


@register.inclusion_tag("components/seats.html")
def seats(rdv: Rdv) -> dict[str, Any]:
    """The seats of a collective rdv: a bar, and the same in words."""
    return {"taken": rdv.seats_taken, "most": rdv.max_participants_count, "full": is_full(rdv)}
