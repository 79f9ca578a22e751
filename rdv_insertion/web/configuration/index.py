"""What administrators may set up in their organisation."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from rdv_insertion.agenda.enums import LieuAvailability
from rdv_insertion.imports.models import WatchedFolder
from rdv_insertion.kernel.text import plural
from rdv_insertion.messaging.models import ChannelPause
from rdv_insertion.web.configuration.access import administered


@dataclass(frozen=True)
class Card:
    """One part of the configuration."""

    title: str
    url: str
    text: str
    count: str


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The parts of the configuration, with what each holds."""
    organisation = administered(request, slug)
    motifs = organisation.motifs.filter(deleted_at=None).count()
    lieux = organisation.lieux.filter(availability=LieuAvailability.ENABLED).count()
    watched = WatchedFolder.objects.filter(organisation=organisation, is_active=True).exists()
    categories = organisation.category_configurations.count()
    paused = ChannelPause.objects.filter(organisation=organisation).count()
    cards = [
        Card(
            "Catégories",
            reverse("configuration_categories", args=[slug]),
            "Pour quoi vous invitez, par quels canaux, avec quels mots.",
            plural(categories, "catégorie"),
        ),
        Card(
            "Messages",
            reverse("configuration_messages", args=[slug]),
            "L'expéditeur des SMS, l'en-tête et la signature des courriers, le budget.",
            "Envois arrêtés" if paused else "",
        ),
        Card(
            "Motifs",
            reverse("motifs", args=[slug]),
            "Les sortes de rendez-vous : durée, lieu, qui peut les prendre.",
            plural(motifs, "motif en service", "motifs en service"),
        ),
        Card(
            "Lieux",
            reverse("lieux", args=[slug]),
            "Où les personnes sont reçues.",
            plural(lieux, "lieu ouvert", "lieux ouverts"),
        ),
    ]
    try:
        sectors = reverse("sectors", args=[slug])
    except NoReverseMatch:
        sectors = ""
    if sectors:
        cards.append(Card("Secteurs", sectors, "Quelle organisation sert quelles communes et rues.", ""))
    cards.append(
        Card(
            "Dépôt de fichiers",
            reverse("watched_folder", args=[slug]),
            "Le dossier dont les fichiers sont importés tout seuls.",
            "Activé" if watched else "",
        )
    )
    return render(request, "configuration/index.html", {"organisation": organisation, "cards": cards})
