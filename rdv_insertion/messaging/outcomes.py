"""What became of a message, in words: the only place where a provider's code meets a French sentence.

Agents never read codes. `BREVO_EMAIL`, `BREVO_SMS`, `OVH_SMS` and `GENERIC` say what each code of a provider
means; a code that is in none of them, or that means None, says nothing to keep: the message is on its way.
`sentence_of`, `action_of` and `remedy_of` tell agents of any message, even of one that no provider has seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models

from rdv_insertion.messaging.enums import NEVER_ARRIVED, Channel, MessageStatus
from rdv_insertion.messaging.models import Message


class DeliveryCode(models.TextChoices):
    """The words of the API for what a provider last said (reference/rdv_insertion.md § 3)."""

    DELIVERED = "delivered", "Reçu"
    SOFT_BOUNCE = "soft_bounce", "Non distribué pour l'instant"
    HARD_BOUNCE = "hard_bounce", "Non distribué"
    BLOCKED = "blocked", "Bloqué"
    INVALID_EMAIL = "invalid_email", "Adresse non valable"
    ERROR = "error", "Échec"


class Remedy(models.TextChoices):
    """What an agent can do, for pages that offer a button."""

    NOTHING = "nothing", "Rien à faire"
    CORRECT_CONTACT = "correct_contact", "Corriger le contact"
    SEND_AGAIN = "send_again", "Renvoyer"
    ANOTHER_WAY = "another_way", "Prévenir autrement"
    PRINT = "print", "Imprimer"
    ASK_SUPPORT = "ask_support", "Prévenir l'administrateur"


@dataclass(frozen=True)
class Reason:
    """Why a message did not arrive, for agents: `sentence` says what happened, `action` what to do."""

    sentence: str
    action: str
    remedy: Remedy


@dataclass(frozen=True)
class Meaning:
    """What one word of a provider means.

    `refuses_contact`: the number or the address itself is wrong, whatever is sent there.
    """

    status: MessageStatus
    code: DeliveryCode
    reason: Reason | None = None
    refuses_contact: bool = False


_CORRECT_EMAIL = "Demandez la bonne adresse à la personne, puis corrigez-la sur sa fiche."
_CORRECT_PHONE = "Demandez le bon numéro à la personne, puis corrigez-le sur sa fiche."
_ANOTHER_WAY = "Prévenez la personne autrement : par téléphone ou par courrier."
_TELL_ADMINISTRATOR = "Prévenez l'administrateur du service, puis renvoyez le message."

_NO_SUCH_EMAIL = Reason(
    "Cette adresse mail n'existe pas, ou n'existe plus.", _CORRECT_EMAIL, Remedy.CORRECT_CONTACT
)
_INVALID_EMAIL = Reason("Cette adresse mail n'est pas valable.", _CORRECT_EMAIL, Remedy.CORRECT_CONTACT)
_EMAIL_BLOCKED = Reason(
    "Cette adresse mail refuse nos messages.",
    "Demandez une autre adresse à la personne, ou prévenez-la par téléphone ou par courrier.",
    Remedy.CORRECT_CONTACT,
)
_MAILBOX_FULL = Reason(
    "La boîte mail est pleine, ou ne répond pas.",
    "Renvoyez le mail demain, ou prévenez la personne autrement.",
    Remedy.SEND_AGAIN,
)
_EMAIL_LOST = Reason("Le mail s'est arrêté en chemin.", "Renvoyez-le.", Remedy.SEND_AGAIN)
_NO_SUCH_PHONE = Reason(
    "Ce numéro de mobile n'existe pas, ou n'est plus attribué.", _CORRECT_PHONE, Remedy.CORRECT_CONTACT
)
_NOT_FOR_SMS = Reason(
    "Ce téléphone ne peut pas recevoir nos SMS.",
    "Demandez un autre numéro de mobile à la personne, ou prévenez-la autrement.",
    Remedy.CORRECT_CONTACT,
)
_PHONE_OFF = Reason(
    "Le téléphone est resté éteint ou hors réseau.",
    "Renvoyez le SMS demain, ou appelez la personne.",
    Remedy.SEND_AGAIN,
)
_PHONE_FULL = Reason(
    "La mémoire du téléphone est pleine.",
    "Renvoyez le SMS demain, ou appelez la personne.",
    Remedy.SEND_AGAIN,
)
_NO_CREDIT = Reason("La ligne de la personne n'a plus de crédit.", _ANOTHER_WAY, Remedy.ANOTHER_WAY)
_NETWORK = Reason("Le réseau de l'opérateur était en panne.", "Renvoyez le SMS.", Remedy.SEND_AGAIN)
_SMS_LOST = Reason("L'opérateur n'a pas pu distribuer ce SMS.", "Renvoyez-le.", Remedy.SEND_AGAIN)
_SMS_REFUSED = Reason(
    "L'opérateur a refusé le texte de ce SMS.",
    f"{_ANOTHER_WAY} Signalez-le à l'administrateur du service.",
    Remedy.ANOTHER_WAY,
)
_SMS_STOPPED = Reason(
    "Cette personne a demandé à ne plus recevoir de SMS.",
    "Prévenez-la par mail, par courrier ou par téléphone.",
    Remedy.ANOTHER_WAY,
)
_LOST_FOR_NOW = Reason("Le message n'a pas pu être distribué.", "Renvoyez-le.", Remedy.SEND_AGAIN)
_LOST_FOR_GOOD = Reason(
    "Ce numéro ou cette adresse ne marche pas.",
    "Demandez le bon à la personne, puis corrigez-le sur sa fiche.",
    Remedy.CORRECT_CONTACT,
)

_DELIVERED = Meaning(MessageStatus.DELIVERED, DeliveryCode.DELIVERED)


def _for_now(reason: Reason, code: DeliveryCode = DeliveryCode.SOFT_BOUNCE) -> Meaning:
    return Meaning(MessageStatus.TEMPORARY_FAILURE, code, reason)


def _for_good(
    reason: Reason, code: DeliveryCode = DeliveryCode.HARD_BOUNCE, *, refuses_contact: bool = True
) -> Meaning:
    return Meaning(MessageStatus.PERMANENT_FAILURE, code, reason, refuses_contact)


# developers.brevo.com/docs/transactional-webhooks. Opened, clicked, reported as spam: it has arrived, and no
# more than that is kept of what the person does with it.
BREVO_EMAIL: Mapping[str, Meaning | None] = {
    "request": None,
    "sent": None,
    "deferred": None,
    "delivered": _DELIVERED,
    "opened": _DELIVERED,
    "unique_opened": _DELIVERED,
    "proxy_open": _DELIVERED,
    "unique_proxy_open": _DELIVERED,
    "unique_proxy_opened": _DELIVERED,
    "click": _DELIVERED,
    "spam": _DELIVERED,
    "complaint": _DELIVERED,
    "unsubscribe": _DELIVERED,
    "unsubscribed": _DELIVERED,
    "soft_bounce": _for_now(_MAILBOX_FULL),
    "error": _for_now(_EMAIL_LOST, DeliveryCode.ERROR),
    "hard_bounce": _for_good(_NO_SUCH_EMAIL),
    "invalid_email": _for_good(_INVALID_EMAIL, DeliveryCode.INVALID_EMAIL),
    "blocked": _for_good(_EMAIL_BLOCKED, DeliveryCode.BLOCKED),
}

BREVO_SMS: Mapping[str, Meaning | None] = {
    "sent": None,
    "accepted": None,
    "skip": None,
    "delivered": _DELIVERED,
    "replied": _DELIVERED,
    "reply": _DELIVERED,
    "unsubscribe": _DELIVERED,
    "soft_bounce": _for_now(_PHONE_OFF),
    "error": _for_now(_SMS_LOST, DeliveryCode.ERROR),
    "rejected": _for_good(_SMS_REFUSED, DeliveryCode.BLOCKED, refuses_contact=False),
    "hard_bounce": _for_good(_NO_SUCH_PHONE),
    "invalid_parameter": _for_good(_NO_SUCH_PHONE),
    "blocked": _for_good(_NOT_FOR_SMS, DeliveryCode.BLOCKED),
    "blacklisted": _for_good(_SMS_STOPPED, DeliveryCode.BLOCKED),
}

# The `ptt` of OVHcloud's callback (guide "SMS users", callback); 1 to 3 and 6: nobody knows yet.
OVH_SMS: Mapping[str, Meaning | None] = {
    "1": None,
    "2": None,
    "3": None,
    "4": _DELIVERED,
    "5": _for_now(_SMS_LOST, DeliveryCode.ERROR),
    "6": None,
    "8": _for_now(_PHONE_OFF),
    "20": _for_good(_SMS_REFUSED, DeliveryCode.ERROR, refuses_contact=False),
    "21": _for_now(_NO_CREDIT),
    "23": _for_good(_NO_SUCH_PHONE),
    "24": _for_now(_PHONE_OFF),
    "25": _for_now(_NETWORK),
    "26": _for_now(_PHONE_FULL),
    "27": _for_good(_NOT_FOR_SMS),
    "28": _for_good(_SMS_REFUSED, DeliveryCode.BLOCKED, refuses_contact=False),
    "29": _for_good(_SMS_REFUSED, DeliveryCode.BLOCKED, refuses_contact=False),
    "33": _for_good(_SMS_REFUSED, DeliveryCode.BLOCKED, refuses_contact=False),
    "39": _for_now(_NETWORK),
    "73": _for_now(_NETWORK),
    "74": _for_now(_PHONE_OFF),
    "76": _for_good(_NOT_FOR_SMS, DeliveryCode.BLOCKED),
    "202": _for_good(_NOT_FOR_SMS, DeliveryCode.BLOCKED),
}
# Its `description`, when there is no `ptt` that we know.
OVH_DLR: Mapping[str, Meaning | None] = {
    "1": _DELIVERED,
    "2": _for_now(_SMS_LOST, DeliveryCode.ERROR),
    "16": _for_now(_SMS_LOST, DeliveryCode.ERROR),
}

GENERIC: Mapping[str, Meaning | None] = {
    "delivered": _DELIVERED,
    "temporary_failure": _for_now(_LOST_FOR_NOW),
    "permanent_failure": _for_good(_LOST_FOR_GOOD),
}

# Said of what was called back before it left (services/withdrawing.py).
ARCHIVED = Reason(
    "La personne a été archivée : ce message n'est pas parti.",
    "Désarchivez-la, puis invitez-la de nouveau si c'est utile.",
    Remedy.NOTHING,
)

# What stops a message before a provider takes it, or when it refuses it at once: the sentences are those of
# the transports and of `services`. One that is not here gets the action of its status and channel.
_OURS = (
    ARCHIVED,
    Reason("Une erreur technique a empêché l'envoi.", _TELL_ADMINISTRATOR, Remedy.SEND_AGAIN),
    Reason("Ce numéro n'est pas celui d'un mobile français.", _CORRECT_PHONE, Remedy.CORRECT_CONTACT),
    Reason("L'adresse mail n'est pas connue.", _CORRECT_EMAIL, Remedy.CORRECT_CONTACT),
    Reason(
        "Cette personne a déjà reçu dix messages aujourd'hui.",
        "Attendez demain, ou appelez la personne.",
        Remedy.ANOTHER_WAY,
    ),
    Reason("Le prestataire SMS refuse ce numéro de téléphone.", _CORRECT_PHONE, Remedy.CORRECT_CONTACT),
    Reason("Le prestataire SMS refuse ce message.", _ANOTHER_WAY, Remedy.ANOTHER_WAY),
    Reason("Le prestataire SMS refuse les envois du service.", _TELL_ADMINISTRATOR, Remedy.ASK_SUPPORT),
    Reason(
        "Cette adresse mail est refusée : elle n'existe pas, ou plus.", _CORRECT_EMAIL, Remedy.CORRECT_CONTACT
    ),
    Reason("Cette adresse mail est refusée par le prestataire.", _CORRECT_EMAIL, Remedy.CORRECT_CONTACT),
    Reason("Le serveur de mail refuse ce message.", _ANOTHER_WAY, Remedy.ANOTHER_WAY),
    Reason("Le prestataire de mail refuse ce message.", _ANOTHER_WAY, Remedy.ANOTHER_WAY),
    Reason("Le prestataire de mail refuse les envois du service.", _TELL_ADMINISTRATOR, Remedy.ASK_SUPPORT),
    Reason(
        "Cette personne a demandé à ne plus recevoir de mails.",
        "Prévenez-la par SMS, par courrier ou par téléphone.",
        Remedy.ANOTHER_WAY,
    ),
)

_BY_STATUS: Mapping[str, Reason] = {
    MessageStatus.CREATED: Reason(
        "En attente d'envoi.", "Rien à faire : il part dès que possible.", Remedy.NOTHING
    ),
    MessageStatus.SENDING: Reason("Envoi en cours.", "Rien à faire.", Remedy.NOTHING),
    MessageStatus.SENT: Reason(
        "Envoyé. Nous ne savons pas encore s'il est arrivé.", "Rien à faire.", Remedy.NOTHING
    ),
    MessageStatus.DELIVERED: Reason("Reçu.", "Rien à faire.", Remedy.NOTHING),
    MessageStatus.TEMPORARY_FAILURE: _LOST_FOR_NOW,
    MessageStatus.PERMANENT_FAILURE: _LOST_FOR_GOOD,
    MessageStatus.TECHNICAL_FAILURE: Reason(
        "Le message n'a pas pu partir.",
        "Renvoyez-le. Si cela recommence, prévenez l'administrateur du service.",
        Remedy.SEND_AGAIN,
    ),
    MessageStatus.TO_PRINT: Reason(
        "Ce courrier n'est pas encore imprimé.", "Imprimez-le, puis postez-le.", Remedy.PRINT
    ),
    MessageStatus.WITHDRAWN: Reason("Retenu avant son départ.", "Rien à faire.", Remedy.NOTHING),
    MessageStatus.PRINTED: Reason("Imprimé.", "Vérifiez qu'il a été posté.", Remedy.NOTHING),
}
_BY_STATUS_AND_CHANNEL: Mapping[tuple[str, str], Reason] = {
    (MessageStatus.TEMPORARY_FAILURE, Channel.EMAIL): _MAILBOX_FULL,
    (MessageStatus.TEMPORARY_FAILURE, Channel.SMS): _PHONE_OFF,
    (MessageStatus.PERMANENT_FAILURE, Channel.EMAIL): _NO_SUCH_EMAIL,
    (MessageStatus.PERMANENT_FAILURE, Channel.SMS): _NO_SUCH_PHONE,
}


def _known_reasons() -> dict[str, Reason]:
    meanings = [*BREVO_EMAIL.values(), *BREVO_SMS.values(), *OVH_SMS.values(), *OVH_DLR.values()]
    meanings += GENERIC.values()
    reasons = [meaning.reason for meaning in meanings if meaning and meaning.reason]
    return {reason.sentence: reason for reason in (*reasons, *_OURS)}


_BY_SENTENCE: Mapping[str, Reason] = _known_reasons()


def sentence_of(message: Message) -> str:
    """What became of `message`, for an agent: one French sentence, never empty."""
    return _failure_of(message) or _usual_reason(message).sentence


def action_of(message: Message) -> str:
    """What the agent can do about it, as a French sentence, never empty."""
    return _reason(message).action


def remedy_of(message: Message) -> Remedy:
    """The same as `action_of`, for a page that offers a button."""
    return _reason(message).remedy


def _reason(message: Message) -> Reason:
    return _BY_SENTENCE.get(_failure_of(message)) or _usual_reason(message)


def _failure_of(message: Message) -> str:
    """The sentence kept with what did not arrive. One that was tried again carries that of an earlier try."""
    return message.failure if message.status in NEVER_ARRIVED else ""


def _usual_reason(message: Message) -> Reason:
    return _BY_STATUS_AND_CHANNEL.get((message.status, message.channel)) or _BY_STATUS[message.status]
