"""The person's path. Addresses are short: they travel by SMS and are read aloud."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.generic import RedirectView

from rdv_insertion.web.usagers.views import booking, earlier, language, moving, opening, rdvs

_to_typing = login_not_required(RedirectView.as_view(pattern_name="type_code"))

urlpatterns = [
    # A link copied from a message may end with a slash, or with the dot of its sentence.
    re_path(r"^r/(?P<code>[^/]+)/?$", opening.open_invitation, name="open_invitation"),
    re_path(r"^invitation/?$", opening.type_code, name="type_code"),
    path("langue", language.choose, name="choose_language"),
    re_path(r"^rdv/(?P<code>[^/]+)/?$", rdvs.rdv, name="rdv"),
    re_path(r"^(?:r|rdv)/?$", _to_typing),
    path("r/<code>/lieux", booking.places, name="book_places"),
    path("r/<code>/creneaux/<key>", booking.slots, name="book_slots"),
    path("r/<code>/creneaux/<key>/<moment>", booking.confirm, name="book_confirm"),
    path("r/<code>/ateliers/<int:rdv_id>", booking.seat, name="book_seat"),
    path("rdv/<code>/plus-tot", earlier.earlier_slot, name="earlier_slot"),
    path("rdv/<code>/liste-attente", earlier.wait, name="wait_for_earlier"),
    path("rdv/<code>/agenda.ics", rdvs.event, name="rdv_event"),
    path("rdv/<code>/annuler", rdvs.cancel, name="cancel"),
    path("rdv/<code>/deplacer", moving.start, name="move"),
    path("rdv/<code>/deplacer/lieux", moving.places, name="move_places"),
    path("rdv/<code>/deplacer/<key>", moving.slots, name="move_slots"),
    path("rdv/<code>/deplacer/<key>/<moment>", moving.confirm, name="move_confirm"),
]
