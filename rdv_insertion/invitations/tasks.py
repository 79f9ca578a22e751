"""Jobs of invitations."""

from collections.abc import Sequence

from django.utils import timezone
from procrastinate.contrib.django import app

from rdv_insertion.territory import addresses
from rdv_insertion.usagers.models import Usager


@app.task(name="locate_invited", queue="addresses")
def locate_invited(usager_ids: Sequence[int]) -> None:
    """Ask the national base where these people live, so that their page never waits for it."""
    for usager in Usager.objects.filter(pk__in=usager_ids).select_related("department").order_by("pk"):
        addresses.locate(usager.address, usager.department, now=timezone.now())
