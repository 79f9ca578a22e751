"""Messages that arrive: words changed, fifty people invited, a failure mended, letters, receipts.

The queue and the providers are real ones, on this machine; so are the calls by which a provider says what
became of a message.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, ViewportSize, expect
from pypdf import PdfReader

from demo.providers.receipts import receipt_of
from rdv_insertion.invitations.models import InvitationRun
from rdv_insertion.invitations.services import runs
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import RefusedContact
from rdv_insertion.usagers.models import Usager, UsagerOrganisation
from tests.conftest import RunJobs
from tests.e2e.conftest import Check, NewPage
from tests.e2e.login import log_in
from tests.factories import (
    FollowUpFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    UsagerFactory,
)
from tests.providers import Behaviour, Providers, providers

__all__ = ["providers"]

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = "accueil du parcours solidaire"
CONFIGURATION = "/organisations/cd-drome/configuration/"
PEOPLE = "/organisations/cd-drome/usagers/"
MESSAGES = "/organisations/cd-drome/messages/"
CORRECTED = "06 12 34 56 78"

_PHONE: ViewportSize = {"width": 320, "height": 640}
Look = Callable[..., None]


@dataclass
class People:
    """The fifty of the list, by what is particular about them."""

    ordinary: list[Usager]
    with_mail_only: list[Usager]
    with_address_only: list[Usager]
    arabic: Usager
    archived: Usager
    with_rdv: Usager
    # No message ever arrives at that number: a provider said so last week.
    known_as_wrong: Usager
    # The provider will refuse that one.
    refused: Usager


@pytest.fixture
def people(admin, configuration) -> People:
    """Forty-eight people to invite and two who are not, in the list of RSA orientation; créneaux for all."""
    organisation = configuration.organisation
    motif = MotifFactory(organisation=organisation, motif_category=configuration.motif_category)
    PlageOuvertureFactory(motif=motif)
    UsagerFactory.reset_sequence(500)

    def one(**attributes: object) -> Usager:
        usager = UsagerFactory(organisation=organisation, **attributes)
        FollowUpFactory(usager=usager, motif_category=configuration.motif_category)
        return usager

    found = People(
        # The first one known is the first one written to.
        refused=one(last_name="Aubert", first_name="Nadia"),
        ordinary=[one() for _ in range(39)],
        with_mail_only=[one(phone_number=None) for _ in range(3)],
        with_address_only=[one(phone_number=None, email=None) for _ in range(3)],
        arabic=one(last_name="Haddad", first_name="Amina", language=Language.AR),
        archived=one(last_name="Vasseur", first_name="Colette"),
        with_rdv=one(last_name="Perrin", first_name="Lucie"),
        known_as_wrong=one(last_name="Zimmer", first_name="Odile"),
    )
    ParticipationFactory(follow_up=found.with_rdv.follow_ups.get(), rdv__motif=motif)
    RefusedContact.objects.create(
        usager=found.known_as_wrong,
        channel=Channel.SMS,
        contact=found.known_as_wrong.phone_number,
        reason="Ce numéro de mobile n'existe pas, ou n'est plus attribué.",
        refused_at=timezone.now(),
    )
    return found


@pytest.fixture
def called_back(settings, live_server, providers: Providers) -> Providers:
    """Providers that know where to call."""
    settings.PUBLIC_URL = live_server.url
    return providers


@pytest.fixture
def look(assert_accessible: Check, assert_fits: Check) -> Look:
    """Examine what is shown at a desk; a key page, on a phone too."""

    def examine(page: Page, *, key: bool = False) -> None:
        desk = page.viewport_size
        assert desk is not None
        for size in (desk, _PHONE) if key else (desk,):
            page.set_viewport_size(size)
            assert_accessible(page)
            assert_fits(page)
        page.set_viewport_size(desk)

    return examine


def test_messages_are_worded_sent_mended_printed_and_received(
    new_page: NewPage, people: People, called_back: Providers, run_jobs: RunJobs, look: Look
):
    page = new_page(1280)
    log_in(page)
    change_a_text(page, look)
    prepare_to_invite_fifty_people(page, look)
    see_who_is_refused_and_why(page, people, look)
    choose_channels_without_waiting(page)
    add_a_mobile_and_come_back(page, people, look)
    launch_and_watch(page, called_back, run_jobs, look)
    the_sms_say_the_new_text(page, people, called_back, look)
    read_the_failure(page, people, look)
    correct_the_number_and_send_again(page, people, called_back, run_jobs, look)
    invite_the_others_by_letter(page, people, run_jobs, look)
    print_the_letters(page, people, look)
    a_provider_says_what_arrived(page, people, called_back, run_jobs, look)
    read_the_figures(page, look)


# ---- Words


def change_a_text(page: Page, look: Look) -> None:
    """From the configuration, with what people will read under the eyes, then for good."""
    page.get_by_role("link", name="Configuration").first.click()
    page.get_by_role("main").get_by_role("link", name=re.compile("^Catégories")).click()
    page.get_by_role("link", name="RSA orientation", exact=True).click()
    page.get_by_role("link", name="Textes").click()
    page.get_by_label("Titre du rendez-vous", exact=False).first.fill(TITLE)

    sms = page.get_by_role("region", name="SMS")
    expect(sms.locator("mark")).to_have_text(TITLE)
    expect(sms).to_contain_text("1 SMS")
    expect(sms).to_contain_text(re.compile(r"\b\d+ caractères : il en reste \d+ avant un deuxième SMS"))
    mail = page.frame_locator("iframe.message-preview__mail")
    expect(mail.locator("mark").first).to_have_text(TITLE)
    look(page, key=True)

    page.get_by_role("button", name="Enregistrer les textes").click()
    expect(page.get_by_text("Les textes sont enregistrés (1 texte à vous)")).to_be_visible()
    expect(sms.locator("mark")).to_have_text(TITLE)
    look(page)


# ---- Inviting


def prepare_to_invite_fifty_people(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Usagers").first.click()
    expect(page.get_by_text("50 personnes", exact=False).first).to_be_visible()
    look(page)
    page.get_by_role("button", name="Inviter les 50 personnes de cette liste").click()
    expect(page.get_by_role("heading", name="Inviter : RSA orientation")).to_be_visible()


def see_who_is_refused_and_why(page: Page, people: People, look: Look) -> None:
    """All is said before anything leaves, with what to do; a colleague archives somebody meanwhile."""
    expect(figure(page, "personnes seront invitées")).to_have_text("46")
    a_colleague_archives(people.archived)
    page.reload()
    expect(figure(page, "personnes seront invitées")).to_have_text("45")
    expect(figure(page, "ne le seront pas")).to_have_text("5")
    expect(figure(page, "messages à envoyer")).to_have_text("86")

    expect(line_of(page, people.archived)).to_contain_text("La personne est archivée : désarchivez-la")
    expect(line_of(page, people.with_rdv)).to_contain_text("Un rendez-vous est déjà prévu")
    without_phone = line_of(page, people.with_mail_only[0])
    expect(without_phone).to_contain_text("Pas de téléphone mobile")
    expect(without_phone.get_by_role("link", name="Ajouter un mobile")).to_be_visible()
    wrong = line_of(page, people.known_as_wrong)
    expect(wrong).to_contain_text("Rien n'arrive à ce numéro")
    expect(wrong.get_by_role("link", name="Corriger ses coordonnées")).to_be_visible()
    expect(line_of(page, people.refused).get_by_text("Oui")).to_have_count(2)
    look(page, key=True)

    page.get_by_role("link", name="Ne le seront pas").click()
    expect(people_lines(page)).to_have_count(5)
    page.get_by_text(re.compile("^Lire ce que .* recevra$")).click()
    expect(page.locator(".run-preview")).to_contain_text(TITLE)
    look(page)


def choose_channels_without_waiting(page: Page) -> None:
    """One box after the other, faster than the figures come: each choice is kept."""
    for wanted, figures in ((False, "0"), (True, "45")):
        for channel in ("SMS", "Mail"):
            page.get_by_role("checkbox", name=channel).set_checked(wanted, force=True)
        expect(figure(page, "(sera invitée|seront invitées)")).to_have_text(figures)
        for channel in ("SMS", "Mail"):
            expect(page.get_by_role("checkbox", name=channel)).to_be_checked(checked=wanted)


def add_a_mobile_and_come_back(page: Page, people: People, look: Look) -> None:
    """What is put right counts at once."""
    page.get_by_role("link", name="Par une partie des canaux").click()
    expect(people_lines(page)).to_have_count(4)
    person = line_of(page, people.with_mail_only[0])
    person.get_by_role("link", name="Ajouter un mobile").click()
    page.get_by_role("textbox", name="Téléphone").fill("07 82 60 59 40")
    page.get_by_role("button", name="Enregistrer").click()
    expect(figure(page, "messages à envoyer")).to_have_text("87")
    expect(people_lines(page)).to_have_count(3)
    look(page)


def launch_and_watch(page: Page, providers: Providers, run_jobs: RunJobs, look: Look) -> None:
    """The page may be left: the work goes on, and is found again."""
    page.get_by_role("button", name="Inviter 45 personnes").click()
    expect(page.get_by_role("progressbar", name="Envoi des invitations")).to_be_visible()
    expect(page.get_by_text("0 sur 50 personnes")).to_be_visible()
    look(page, key=True)
    page.get_by_role("link", name="la liste des envois").click()
    expect(page.get_by_text("0 sur 50")).to_be_visible()
    look(page)

    run_jobs("imports")
    expect(page.get_by_text("Terminé")).to_be_visible()
    page.get_by_role("row").get_by_role("link", name="RSA orientation").click()
    expect_by_channel(page, "SMS", waiting=42)
    expect_by_channel(page, "Mail", waiting=45)
    look(page)

    # The page follows by itself what the workers do.
    providers.sms.script.next(Behaviour.INVALID_PARAMETER)
    run_jobs()
    expect_by_channel(page, "SMS", sent=41, failed=1)
    expect_by_channel(page, "Mail", sent=45)
    assert (len(providers.sms.received()), len(providers.mail.received())) == (41, 45)
    look(page, key=True)


def the_sms_say_the_new_text(page: Page, people: People, providers: Providers, look: Look) -> None:
    """Each person in their language; whoever helps an Arabic speaker reads it in French."""
    assert TITLE in sms_to(providers, people.ordinary[0])
    arabic = sms_to(providers, people.arabic)
    assert re.search("[\u0600-\u06ff]", arabic)
    assert "Bonjour" not in arabic

    open_messages_of(page, people.arabic)
    expect(page.get_by_text("Messages en arabe")).to_be_visible()
    card = message_card(page, "SMS : invitation")
    card.get_by_text("Voir le texte (en arabe)").click()
    bubbles = card.locator(".message-bubble")
    expect(bubbles.first).to_have_attribute("dir", "rtl")
    expect(bubbles.first).to_have_text(arabic)
    expect(bubbles.last).to_contain_text(TITLE)
    look(page, key=True)


# ---- What did not arrive


def read_the_failure(page: Page, people: People, look: Look) -> None:
    """From the run: a sentence and what to do, never the provider's words."""
    page.goto("/organisations/cd-drome/envois/")
    page.get_by_role("row").get_by_role("link", name="RSA orientation").click()
    page.get_by_role("link", name="Message en échec").click()
    expect(people_lines(page)).to_have_count(1)
    failed = line_of(page, people.refused)
    expect(failed).to_contain_text("Le prestataire SMS refuse ce numéro de téléphone.")
    look(page)

    failed.get_by_role("link", name=f"Que faire ? SMS à {people.refused}").click()
    card = message_card(page, "SMS : invitation")
    expect(card).to_contain_text("Demandez le bon numéro à la personne, puis corrigez-le sur sa fiche.")
    expect(page.get_by_role("main")).not_to_contain_text(re.compile("invalid|parameter|brevo|400", re.I))
    look(page, key=True)


def correct_the_number_and_send_again(
    page: Page, people: People, providers: Providers, run_jobs: RunJobs, look: Look
) -> None:
    """The page of the failure leads to the number, and back to the button that sends again."""
    page.goto(f"{MESSAGES}a-corriger/")
    expect(people_lines(page)).to_have_count(2)
    look(page)

    open_messages_of(page, people.refused)
    page.get_by_role("link", name="Corriger le numéro").click()
    page.get_by_role("textbox", name="Téléphone").fill(CORRECTED)
    look(page)
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("button", name=f"Renvoyer au {CORRECTED}").click()
    expect(page.get_by_text(f"Le message part au nouveau contact : {CORRECTED}.")).to_be_visible()
    run_jobs()
    people.refused.refresh_from_db()
    assert TITLE in sms_to(providers, people.refused)
    page.reload()
    expect(message_card(page, "SMS : invitation").first).to_contain_text("Envoyé")
    look(page)

    page.goto(f"{MESSAGES}a-corriger/")
    expect(people_lines(page)).to_have_count(1)
    expect(people_lines(page)).to_contain_text(people.known_as_wrong.last_name)


# ---- Letters


def invite_the_others_by_letter(page: Page, people: People, run_jobs: RunJobs, look: Look) -> None:
    """Those whom neither SMS nor mail reaches: letters are proposed by themselves."""
    page.goto(PEOPLE)
    page.get_by_role("button", name="Inviter les 3 personnes non invitées").click()
    expect(page.get_by_role("heading", name="Inviter : RSA orientation")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Courrier")).to_be_checked()
    expect(page.get_by_role("checkbox", name="SMS")).not_to_be_checked()
    expect(figure(page, "personnes seront invitées")).to_have_text("3")
    look(page)
    page.get_by_role("button", name="Inviter 3 personnes").click()
    run_jobs("imports")
    expect(page.get_by_role("button", name="Imprimer 3 courriers (PDF)")).to_be_visible()
    look(page)


def print_the_letters(page: Page, people: People, look: Look) -> None:
    """One file for all, opened and read; then they are known as printed."""
    page.goto(PEOPLE)
    page.get_by_role("link", name="Courriers (3 à imprimer)").click()
    look(page, key=True)
    pdf = pressed_for_a_pdf(page, "Imprimer les 3 courriers (PDF)")
    pages = [one.extract_text() for one in pdf.pages]
    assert len(pages) == 3
    for usager in people.with_address_only:
        (letter,) = [
            text for text in pages if usager.last_name.upper() in text and usager.address[:5] in text
        ]
        assert TITLE in " ".join(letter.split())

    page.reload()
    expect(page.get_by_role("heading", name="Aucun courrier à imprimer")).to_be_visible()
    expect(page.get_by_role("link", name="Réimprimer 3 courriers")).to_be_visible()
    look(page)
    open_messages_of(page, people.with_address_only[0])
    expect(message_card(page, "Courrier : invitation")).to_contain_text("Imprimé")
    look(page)


# ---- What arrived


def a_provider_says_what_arrived(
    page: Page, people: People, providers: Providers, run_jobs: RunJobs, look: Look
) -> None:
    """Its own call, on the address given with the SMS: answered at once, seen once the job is done."""
    reader = people.ordinary[0]
    open_messages_of(page, reader)
    expect(message_card(page, "SMS : invitation")).to_contain_text("Envoyé")
    address, said = receipt_of("sms", json.dumps(payload_to(providers, reader)).encode(), "") or ("", {})
    assert said["msg_status"] == "delivered"
    for _ in ("once", "and again"):
        assert httpx.post(address, json=said).status_code == httpx.codes.OK
    assert httpx.post(address.replace("secret", "wrong"), json=said).status_code == httpx.codes.NOT_FOUND
    run_jobs("exchanges")

    page.reload()
    card = message_card(page, "SMS : invitation")
    expect(card).to_contain_text("Reçu")
    expect(card).to_contain_text(re.compile("Reçu le "))
    look(page)


def read_the_figures(page: Page, look: Look) -> None:
    """Of the run, then of the organisation."""
    page.goto("/organisations/cd-drome/envois/")
    page.get_by_role("row").get_by_role("link", name="RSA orientation").last.click()
    expect_by_channel(page, "SMS", received=1, sent=42)

    page.goto(PEOPLE)
    page.get_by_role("link", name="Messages", exact=True).click()
    expect(figure(page, "^Envoyés")).to_have_text("90")
    expect(figure(page, "^Reçus")).to_have_text("1")
    expect(figure(page, "^En échec")).to_have_text("1")
    look(page)
    page.get_by_role("link", name="SMS", exact=True).click()
    expect(figure(page, "^Envoyés")).to_have_text("42")
    page.get_by_text("Voir le tableau, par jour et par canal").click()
    look(page, key=True)


# ---- Reading pages and providers


def figure(page: Page, words: str) -> Locator:
    return page.locator(".figures li").filter(has_text=re.compile(words)).locator("strong")


def people_lines(page: Page) -> Locator:
    """The lines of the table of people, without its titles."""
    return page.get_by_role("main").locator("table").last.locator("tbody tr")


def line_of(page: Page, usager: Usager) -> Locator:
    address = f"a[href^='/usagers/{usager.pk}/']"
    return people_lines(page).filter(has=page.locator(address))


def message_card(page: Page, title: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=title))


def expect_by_channel(page: Page, channel: str, **counts: int) -> None:
    """Wait until the messages of a run by this channel are counted so; what is not said is 0."""
    table = page.get_by_role("table", name="Messages, par canal")
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=channel))
    columns = ("waiting", "sent", "received", "failed", "to_print", "printed", "withdrawn")
    expect(row.get_by_role("cell")).to_have_text([str(counts.get(column, 0)) for column in columns])


def open_messages_of(page: Page, usager: Usager) -> None:
    page.goto(f"/usagers/{usager.pk}/?onglet=messages")


def pressed_for_a_pdf(page: Page, button: str) -> PdfReader:
    """What the button opens in another tab. Chromium without a window shows no PDF: it is asked for again."""
    with page.context.expect_event("response", lambda answer: answer.url.endswith(".pdf")) as answer:
        page.get_by_role("button", name=button).click()
    assert answer.value.headers["content-type"] == "application/pdf"
    return PdfReader(BytesIO(page.context.request.get(answer.value.url).body()))


def payload_to(providers: Providers, usager: Usager) -> dict[str, str]:
    """The last SMS that the provider took for this person."""
    number = (usager.phone_number or "").removeprefix("+")
    return [one for one in providers.sms.received() if one["recipient"] == number][-1]


def sms_to(providers: Providers, usager: Usager) -> str:
    return payload_to(providers, usager)["content"]


def a_colleague_archives(usager: Usager) -> None:
    """A minute goes by: what the page said before is too old to be shown."""
    UsagerOrganisation.objects.filter(usager=usager).update(archived_at=timezone.now())
    InvitationRun.objects.update(checked_at=timezone.now() - runs.CHECKS_HOLD)
