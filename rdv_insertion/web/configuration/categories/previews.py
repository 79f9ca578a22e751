"""What people will read with the words that are typed now, and a trial of it sent to oneself."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdv_insertion.followups.models import Wording
from rdv_insertion.followups.wording import own_words
from rdv_insertion.followups.words import OWN_WORDS, words_of
from rdv_insertion.invitations.models import CategoryConfiguration
from rdv_insertion.kernel import phone
from rdv_insertion.kernel.throttle import TooManyAttempts
from rdv_insertion.messaging.enums import FAILED, Channel
from rdv_insertion.messaging.printing import drawn_pdf
from rdv_insertion.messaging.services.trials import send_trial
from rdv_insertion.messaging.texts.rendering import PersonalContent
from rdv_insertion.messaging.texts.words import Words
from rdv_insertion.web.agents.access import agent_of
from rdv_insertion.web.configuration.access import administered
from rdv_insertion.web.configuration.categories.samples import (
    Choices,
    Place,
    Shown,
    choices_from,
    content_of,
    languages,
)
from rdv_insertion.web.configuration.categories.views import configuration_of
from rdv_insertion.web.message_preview import mail_page, preview_of
from rdv_insertion.web.pdf import pdf_response

_UNPROCESSABLE, _TOO_MANY = 422, 429
# Longer than any word of a category may be.
_LONGEST_WORD = 300
_WRONG_MOBILE = "Tapez un numéro de mobile en 06 ou 07 pour recevoir le SMS d'essai."


@dataclass(frozen=True)
class Trial:
    """What came of a message sent to oneself: a sentence, good or bad; empty when none was asked."""

    said: str = ""
    error: str = ""
    phone_number: str = ""
    status: int = 200


def shown(
    request: HttpRequest, configuration: CategoryConfiguration, own: Mapping[str, str]
) -> dict[str, Any]:
    """The part of the page that shows the messages with the words `own`. What is chosen is in the request."""
    asked = request.POST if request.method == "POST" else request.GET
    choices = choices_from(asked, configuration, agent_of(request))
    content, words = _content(choices, configuration, own)
    query = urlencode({**choices.parameters, **{name: text for name, text in own.items() if text}})
    ids = [configuration.organisation.slug, configuration.pk]
    preview = preview_of(
        content,
        language=choices.language,
        sender=configuration.organisation.sms_sender,
        own=_own(words),
        mail_url=f"{reverse('configuration_category_mail', args=ids)}?{query}",
        pdf_url=f"{reverse('configuration_category_letter', args=ids)}?{query}",
    )
    return {
        "preview": preview,
        "choices": choices,
        "messages_to_show": Shown.choices,
        "places": Place.choices,
        "languages": languages(),
    }


def _content(
    choices: Choices, configuration: CategoryConfiguration, own: Mapping[str, str]
) -> tuple[PersonalContent, Words]:
    words = words_of(configuration.motif_category, Wording(**own))
    return content_of(choices, configuration, words, now=timezone.now()), words


def _own(words: Words) -> list[str]:
    return [getattr(words, name) for name in sorted(words.own)]


def _asked(request: HttpRequest, slug: str, configuration_id: int) -> tuple[Choices, PersonalContent, Words]:
    """The message that the address asks for."""
    configuration = configuration_of(administered(request, slug), configuration_id)
    typed = {name: request.GET.get(name, "")[:_LONGEST_WORD] for name in OWN_WORDS}
    choices = choices_from(request.GET, configuration, agent_of(request))
    return choices, *_content(choices, configuration, own_words(configuration.motif_category, typed))


@require_safe
def show_mail(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """The mail alone, framed by the page of the words. These are in the address: nothing is written."""
    choices, content, words = _asked(request, slug, configuration_id)
    return mail_page(request, content, language=choices.language, own=_own(words))


@require_safe
def show_letter(request: HttpRequest, slug: str, configuration_id: int) -> HttpResponse:
    """The letter as it would be printed."""
    choices, content, _ = _asked(request, slug, configuration_id)
    return letter_pdf(content, choices.language)


def letter_pdf(content: PersonalContent, language: str) -> HttpResponse:
    """The PDF of one letter, shown in the browser. One query, for its pictures."""
    text = content.render(Channel.LETTER, language)
    letter = {**text.letter, "subject": text.subject, "paragraphs": text.text.split("\n\n")}
    return pdf_response(drawn_pdf([letter]), "apercu.pdf")


def try_message(request: HttpRequest, configuration: CategoryConfiguration, own: Mapping[str, str]) -> Trial:
    """Send the message shown to the agent, by the channel of the button pressed."""
    typed = request.POST.get("telephone", "").strip()[:30]
    by_sms = request.POST.get("essai") == Channel.SMS
    if by_sms and not (mobile := _mobile(typed)):
        return Trial(error=_WRONG_MOBILE, phone_number=typed, status=_UNPROCESSABLE)
    agent = agent_of(request)
    choices = choices_from(request.POST, configuration, agent)
    content, _ = _content(choices, configuration, own)
    try:
        message = send_trial(
            organisation=configuration.organisation,
            agent=agent,
            content=content,
            channel=Channel.SMS if by_sms else Channel.EMAIL,
            language=choices.language,
            about=f"category-{configuration.pk}",
            address=mobile if by_sms else "",
            now=timezone.now(),
        )
    except TooManyAttempts as error:
        minutes = ceil(error.retry_after / 60)
        sentence = f"Vous avez envoyé beaucoup d'essais. Recommencez dans {minutes} min."
        return Trial(error=sentence, phone_number=typed, status=_TOO_MANY)
    if message.status in FAILED:
        return Trial(error=message.failure, phone_number=typed, status=_UNPROCESSABLE)
    to = phone.display(mobile) if by_sms else agent.email
    kind = "Le SMS" if by_sms else "Le mail"
    return Trial(said=f"{kind} d'essai part vers {to}. Il arrive dans la minute.", phone_number=typed)


def _mobile(typed: str) -> str:
    try:
        number = phone.normalise(typed)
    except phone.InvalidPhone:
        return ""
    return number if phone.is_mobile(number) else ""
