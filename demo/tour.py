"""/demo: each state of the product, one click away, with the account that sees it.

A stop whose people have gone on meanwhile (a letter printed, a run launched) is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from rdv_insertion.agenda.models import Participation
from rdv_insertion.followups.enums import ParticipationStatus
from rdv_insertion.invitations.enums import RunStage
from rdv_insertion.invitations.models import (
    CategoryConfiguration,
    Invitation,
    InvitationQuerySet,
    InvitationRun,
)
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message

ADMIN, AGENT, PARTNER = "admin@demo.test", "agent@demo.test", "partenaire@demo.test"
# Nobody logs in: the page of a person, or that of the demonstration.
ANYBODY = ""
_HOME, _PARTNER_HOME = "valence", "die"


@dataclass(frozen=True)
class Stop:
    """One page: where it is, whose it is, and what is to be seen there."""

    title: str
    seen: str
    address: str
    account: str = AGENT


@dataclass(frozen=True)
class Chapter:
    """Stops that go together."""

    title: str
    stops: list[Stop]


def chapters(*, now: datetime) -> list[Chapter]:
    """The whole tour, in the order of the work."""
    parts = {
        "Les textes": _texts(),
        "Inviter": _inviting(),
        "Ce que les messages sont devenus": _messages(),
        "Ce que voit la personne": _person(now),
    }
    return [Chapter(title, list(stops)) for title, stops in parts.items()]


def _texts() -> Iterator[Stop]:
    configuration = CategoryConfiguration.objects.filter(
        organisation__slug=_HOME, motif_category__short_name="rsa_orientation"
    ).first()
    if configuration:
        arguments = [_HOME, configuration.pk]
        yield Stop(
            "Changer les textes d'une catégorie",
            "Les cinq textes, l'aperçu du SMS, du mail et du courrier côte à côte, l'essai.",
            reverse("configuration_category_words", args=arguments),
            ADMIN,
        )
        yield Stop(
            "L'historique des textes",
            "Qui a changé quoi, et quand ; chaque version peut être reprise.",
            reverse("configuration_category_history", args=arguments),
            ADMIN,
        )
    yield Stop(
        "L'en-tête, le budget, l'arrêt des envois",
        "L'expéditeur des SMS, la signature, les logos, le nombre de SMS du mois, l'arrêt d'un canal.",
        reverse("configuration_messages", args=[_HOME]),
        ADMIN,
    )


def _inviting() -> Iterator[Stop]:
    yield Stop(
        "La liste d'une catégorie",
        "Qui n'est pas encore invité, et les boutons pour inviter.",
        reverse("usagers", args=[_HOME]),
    )
    yield from _runs()
    yield Stop(
        "Les courriers à imprimer",
        "Les personnes qui n'ont pas répondu, et un seul bouton.",
        reverse("letters", args=[_HOME]),
    )
    summoned = Participation.objects.filter(convocable=True, status=ParticipationStatus.NOSHOW).first()
    if summoned:
        yield Stop(
            "La preuve d'une convocation",
            "Chaque message, mot pour mot, avec l'heure et ce que le prestataire a répondu.",
            reverse("evidence", args=[summoned.pk]),
        )


def _runs() -> Iterator[Stop]:
    runs = InvitationRun.objects.order_by("-created_at")
    here, there = (runs.filter(configuration__organisation__slug=slug) for slug in (_HOME, _PARTNER_HOME))
    found = (
        (
            here.filter(stage=RunStage.PREPARING),
            "Un envoi préparé",
            "Qui sera invité, qui ne le sera pas et pourquoi, ce que chacun lira.",
            AGENT,
        ),
        (
            there.filter(stage=RunStage.PREPARING),
            "Un envoi sans créneau libre",
            "Plus de personnes que de créneaux : les deux nombres, et la demande à des collègues.",
            PARTNER,
        ),
        (
            here.filter(stage=RunStage.DONE, targets__done_at=None),
            "Un envoi arrêté",
            "Ce qui est fait, ce qui reste, et le bouton pour reprendre.",
            AGENT,
        ),
        (
            here.filter(stage=RunStage.DONE).exclude(targets__done_at=None),
            "Un envoi terminé",
            "Les messages par canal, et ce qu'est devenu chacun.",
            AGENT,
        ),
    )
    for several, title, seen, account in found:
        if run := several.first():
            yield Stop(title, seen, reverse("invitation_run", args=[run.pk]), account)


def _messages() -> Iterator[Stop]:
    for name, title, seen in (
        ("messages_sent", "Les chiffres", "Par jour et par canal : un dessin, et le tableau."),
        ("messages_to_correct", "Les contacts à corriger", "Numéros et adresses refusés, avec la raison."),
        ("messages_stopped", "Les messages en panne", "Réunis par cause, à renvoyer ensemble."),
        ("messages_waiting", "Les messages en attente", "Ce qui n'est pas parti, et pourquoi."),
    ):
        yield Stop(title, seen, reverse(name, args=[_HOME]))
    here = Message.objects.filter(organisation__slug=_HOME, usager__isnull=False)
    failed = here.filter(status=MessageStatus.PERMANENT_FAILURE, usager__refused_contacts__isnull=False)
    if message := failed.order_by("-created_at").first():
        yield _of_person(
            message.usager_id,
            "Un message qui n'est pas arrivé",
            "La raison, et quoi faire : corriger, renvoyer.",
        )
    arabic = here.filter(language=Language.AR).order_by("-created_at").first()
    if arabic:
        yield _of_person(arabic.usager_id, "Une personne qui lit l'arabe", "Chaque message, et son français.")
    yield Stop(
        "Les messages reçus",
        "Les SMS, les mails et les courriers comme on les reçoit ; répondez à un mail comme la personne.",
        reverse("demo_messages"),
        ANYBODY,
    )


def _of_person(usager_id: int | None, title: str, seen: str) -> Stop:
    return Stop(title, seen, f"{reverse('usager', args=[usager_id])}?onglet=messages")


def _person(now: datetime) -> Iterator[Stop]:
    for name, invitations, title, seen in _invitations(now):
        if invitation := invitations.order_by("-created_at", "pk").first():
            yield Stop(title, seen, reverse(name, args=[invitation.code]), ANYBODY)
    coming = (
        Participation.objects.filter(
            status=ParticipationStatus.UNKNOWN,
            rdv__starts_at__gt=now,
            rdv__motif__collective=False,
            usager__language=Language.FR,
        )
        .select_related("usager")
        .order_by("-rdv__starts_at")
    )
    for convocation, title, seen in (
        (False, "Son rendez-vous", "Quand, où, quoi apporter ; le déplacer ou l'annuler."),
        (True, "Sa convocation", "Quand, où, et ce qui se passe si elle ne vient pas."),
    ):
        if participation := coming.filter(convocable=convocation).first():
            letters = participation.usager.last_name[:3].upper()
            question = f"À la question, tapez {letters}."
            yield Stop(title, f"{seen} {question}", reverse("rdv", args=[participation.code]), ANYBODY)
    yield Stop(
        "Taper le code d'un courrier",
        "Pour qui n'a pas reçu de lien.",
        reverse("type_code"),
        ANYBODY,
    )


def _invitations(now: datetime) -> Iterator[tuple[str, InvitationQuerySet, str, str]]:
    """The page, whose invitation it is, its title, and what is to be seen there."""
    unanswered = Invitation.objects.filter(follow_up__latest_unknown_rdv_at=None, follow_up__closed_at=None)
    french = unanswered.filter(organisation__slug=_HOME, follow_up__usager__language=Language.FR)
    right_to_left = unanswered.filter(follow_up__usager__language__in=(Language.AR, Language.FA))
    page = "open_invitation"
    yield (
        page,
        french.valid_at(now),
        "Choisir un créneau",
        "Le lien d'un SMS : un lieu, une heure, confirmer.",
    )
    yield (
        page,
        right_to_left.valid_at(now),
        "La même page, de droite à gauche",
        "En arabe, en dari ou en persan ; le français est à un geste.",
    )
    without_slot = Invitation.objects.without_slot(now)
    yield (
        "book_places",
        without_slot,
        "Plus aucun créneau",
        "Qui appeler, en attendant que des plages s'ouvrent.",
    )
    yield page, french.filter(expires_at__lte=now), "Une invitation expirée", "Que faire, et qui appeler."
