"""The person's pages in their language: how it is chosen, kept, and that nothing stays in French."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from rdv_insertion.agenda.enums import OfferAnswer
from rdv_insertion.agenda.models import EarlierSlotOffer, WaitingListEntry
from rdv_insertion.kernel import catalogs
from rdv_insertion.kernel.languages import direction
from rdv_insertion.messaging.enums import Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.usagers.models import Usager
from tests.factories import (
    LieuFactory,
    MotifFactory,
    PlageOuvertureFactory,
    RdvFactory,
)
from tests.web.usagers.conftest import NOW, paris

FROM_BOTH_SIDES = pytest.mark.parametrize("language", ["ar", "uk"])


class _Reader(HTMLParser):
    """The texts of a page that are not marked as French, and the labels that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.root: dict[str, str | None] = {}
        self._french: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.root = values
        if self._french or (tag != "html" and values.get("lang") == "fr"):
            if tag not in ("br", "input", "link", "meta"):
                self._french.append(tag)
        elif label := values.get("aria-label"):
            self.texts.append(label)

    def handle_endtag(self, tag: str) -> None:
        if self._french:
            self._french.pop()

    def handle_data(self, data: str) -> None:
        if not self._french and data.strip():
            self.texts.append(" ".join(data.split()))


def _read(response: Any) -> _Reader:
    reader = _Reader()
    reader.feed(response.content.decode())
    return reader


def _french_sentences() -> list[str]:
    """What the French sentences say between their facts and tags, where it is long enough to be French."""
    parts = []
    for message in catalogs.found_in_code():
        for text in message.id if isinstance(message.id, tuple | list) else [message.id]:
            pieces = re.split(r"%\(\w+\)[sd]|<[^>]+>", unescape(text).replace("\xa0", " "))
            parts += [piece.strip() for piece in pieces if len(piece.strip()) > 8]
    return parts


FRENCH = _french_sentences()


def assert_all_in(response: Any, language: str) -> None:
    """The page is in `language`: it says so, and none of our French sentences is left."""
    reader = _read(response)
    assert (reader.root["lang"], reader.root["dir"]) == (language, direction(language))
    text = " ".join(reader.texts).replace("\xa0", " ")
    assert [sentence for sentence in FRENCH if sentence in text] == []


def _speaks(usager: Usager, language: str) -> None:
    Usager.objects.filter(pk=usager.pk).update(language=language)


@pytest.fixture
def cookie(client: Client) -> Callable[[str], None]:
    """Have this browser remember a language."""

    def remember(language: str) -> None:
        client.cookies["langue"] = language

    return remember


@FROM_BOTH_SIDES
def test_the_page_where_a_code_is_typed_is_in_the_language_of_the_browser(client, cookie, language, db):
    cookie(language)
    assert_all_in(client.get("/invitation"), language)


@FROM_BOTH_SIDES
@pytest.mark.parametrize("typed", ["", "O1", "é", "ABC", "ABCD9999", "A" * 300])
def test_errors_of_the_code_are_in_the_language_of_the_browser(client, cookie, language, typed, db):
    cookie(language)
    assert_all_in(client.post("/invitation", {"code": typed}), language)


@FROM_BOTH_SIDES
def test_an_unknown_code_is_refused_in_the_language_of_the_browser(client, cookie, language, db):
    cookie(language)
    assert_all_in(client.get("/r/ZZZZ9999"), language)


@FROM_BOTH_SIDES
def test_too_many_tries_are_told_in_the_language_of_the_browser(client, cookie, language, db):
    cookie(language)
    for _ in range(30):
        client.get("/r/ZZZZ9999")
    response = client.get("/r/ZZZZ9999")
    assert response.status_code == 429
    assert_all_in(response, language)


@FROM_BOTH_SIDES
def test_a_form_left_open_too_long_is_told_in_the_language_of_the_browser(language, db):
    client = Client(enforce_csrf_checks=True)
    client.cookies["langue"] = language
    response = client.post("/invitation", {"code": "ABCD2345"})
    assert response.status_code == 403
    assert_all_in(response, language)


@pytest.fixture
def second_place(motif, organisation):
    return PlageOuvertureFactory(motif=motif, lieu=LieuFactory(organisation=organisation, name="Die")).lieu


@FROM_BOTH_SIDES
@pytest.mark.parametrize(("address", "status"), [("/invitatio", 404), ("/invitation?code=%00", 400)])
def test_what_leads_nowhere_is_told_in_the_language_of_the_browser(client, language, address, status, db):
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == status
    assert_all_in(response, language)


def test_a_link_cut_short_leads_to_typing_the_code_after_choosing_a_language(client, db):
    html = client.get("/r/ABCD2345/creneau").content.decode()
    assert 'href="/invitation"' in html
    response = client.post("/langue", {"langue": "ar", "retour": "/r/ABCD2345/creneau"})
    assert_all_in(client.get(response.url), "ar")


def test_an_address_that_leads_nowhere_is_told_to_an_agent_in_french(agent_client):
    response = agent_client.get("/usager", headers={"accept-language": "ar"})
    assert response.status_code == 404
    assert "où vous n'avez pas d'accès" in response.content.decode()
    assert _read(response).root["lang"] == "fr"


@FROM_BOTH_SIDES
def test_an_incident_is_told_in_the_language_of_the_page(client, cookie, language, db, monkeypatch):
    client.raise_request_exception = False
    cookie(language)
    with monkeypatch.context() as broken:
        broken.setattr(connection, "ensure_connection", _out_of_order)
        response = client.get("/r/ABCD2345")
    assert response.status_code == 500
    assert_all_in(response, language)
    assert 'href="/r/ABCD2345"' in response.content.decode()


def _out_of_order() -> None:
    raise OperationalError("the database is down")


@FROM_BOTH_SIDES
def test_choosing_is_in_the_language_of_the_person(client, invitation, second_place, lieu, slot, language):
    _speaks(invitation.follow_up.usager, language)
    addresses = [
        "/r/ABCD2345",
        "/r/ABCD2345/lieux",
        f"/r/ABCD2345/creneaux/lieu-{lieu.pk}",
        f"/r/ABCD2345/creneaux/lieu-{lieu.pk}?semaine=2026-03-09",
        f"/r/ABCD2345/creneaux/lieu-{lieu.pk}?moment=apres-midi",
        slot(paris(3, time(9))),
        slot(paris(3, time(9, 10))),
    ]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200
        assert_all_in(response, language)


@FROM_BOTH_SIDES
def test_a_phone_rdv_is_chosen_in_the_language_of_the_person(client, invitation, motif, language):
    by_phone = MotifFactory(
        organisation=invitation.organisation, motif_category=motif.motif_category, by_phone=True
    )
    PlageOuvertureFactory(motif=by_phone)
    _speaks(invitation.follow_up.usager, language)
    assert_all_in(client.get("/r/ABCD2345/lieux"), language)
    assert_all_in(client.get("/r/ABCD2345/creneaux/phone"), language)


@FROM_BOTH_SIDES
def test_an_atelier_is_chosen_in_the_language_of_the_person(client, invitation, category, plage, language):
    plage.delete()
    atelier = MotifFactory(organisation=invitation.organisation, motif_category=category, collectif=True)
    rdv = RdvFactory(motif=atelier, starts_at=paris(10, time(14)), max_participants_count=3)
    _speaks(invitation.follow_up.usager, language)
    for address in ("/r/ABCD2345", f"/r/ABCD2345/ateliers/{rdv.pk}", "/r/ABCD2345/ateliers/999999"):
        assert_all_in(client.get(address), language)
    assert_all_in(client.get("/r/ABCD2345/lieux", follow=True), language)


@FROM_BOTH_SIDES
def test_finding_nothing_is_told_in_the_language_of_the_person(client, invitation, plage, language):
    plage.delete()
    _speaks(invitation.follow_up.usager, language)
    assert_all_in(client.get("/r/ABCD2345/lieux", follow=True), language)


@FROM_BOTH_SIDES
def test_a_link_that_expired_is_told_in_the_language_of_the_person(client, invitation, language):
    _speaks(invitation.follow_up.usager, language)
    invitation.expires_at = NOW - timedelta(days=1)
    invitation.save()
    assert_all_in(client.get("/r/ABCD2345"), language)


@FROM_BOTH_SIDES
def test_the_name_is_asked_in_the_language_of_the_person(client, participation, language):
    _speaks(participation.usager, language)
    address = f"/rdv/{participation.code}"
    assert_all_in(client.get(address), language)
    assert_all_in(client.post(address, {"letters": ""}), language)
    assert_all_in(client.post(address, {"letters": "XYZ"}), language)
    assert_all_in(client.post(address, {"letters": "XYZ"}), language)


@FROM_BOTH_SIDES
def test_the_rdv_is_read_moved_and_cancelled_in_the_language_of_the_person(
    marina, participation, lieu, language
):
    _speaks(participation.usager, language)
    address = f"/rdv/{participation.code}"
    for page in ("", "/annuler", f"/deplacer/lieu-{lieu.pk}", f"/deplacer/lieu-{lieu.pk}/20260313T080000Z"):
        response = marina.get(address + page)
        assert response.status_code == 200
        assert_all_in(response, language)
    moved = marina.post(f"{address}/deplacer/lieu-{lieu.pk}/20260313T080000Z", follow=True)
    assert_all_in(moved, language)
    assert_all_in(marina.post(f"{address}/annuler", follow=True), language)


@FROM_BOTH_SIDES
def test_a_refusal_of_the_service_is_told_in_the_language_of_the_person(client, rdv_of, language):
    soon = rdv_of(NOW + timedelta(hours=3))
    client.post(f"/rdv/{soon.code}", {"letters": "FOI"})
    _speaks(soon.usager, language)
    assert_all_in(client.get(f"/rdv/{soon.code}"), language)
    refused = client.post(f"/rdv/{soon.code}/liste-attente", {"action": "demander"}, follow=True)
    assert_all_in(refused, language)


@FROM_BOTH_SIDES
@pytest.mark.parametrize("starts_in", [timedelta(minutes=-10), timedelta(days=-3)])
def test_a_rdv_begun_or_over_is_told_in_the_language_of_the_person(client, rdv_of, language, starts_in):
    participation = rdv_of(NOW + starts_in)
    _speaks(participation.usager, language)
    client.post(f"/rdv/{participation.code}", {"letters": "FOI"})
    assert_all_in(client.get(f"/rdv/{participation.code}"), language)


@pytest.fixture
def offered(rdv_of, motif, lieu, plage):
    """A late rdv of Marina, and an earlier créneau kept for her."""
    late = rdv_of(paris(24, time(9, 30)))
    entry = WaitingListEntry.objects.create(participation=late, asked_at=NOW)
    EarlierSlotOffer.objects.create(
        entry=entry,
        motif=motif,
        lieu=lieu,
        agent=plage.agent,
        starts_at=paris(5, time(9)),
        ends_at=paris(5, time(9, 30)),
        offered_at=NOW,
        expires_at=NOW + timedelta(hours=2),
    )
    return late


@FROM_BOTH_SIDES
def test_an_earlier_rdv_is_offered_and_answered_in_the_language_of_the_person(client, offered, language):
    _speaks(offered.usager, language)
    client.post(f"/rdv/{offered.code}", {"letters": "FOI"})
    for page in ("", "/plus-tot"):
        assert_all_in(client.get(f"/rdv/{offered.code}{page}"), language)
    answer = client.post(f"/rdv/{offered.code}/plus-tot", {"action": "garder"}, follow=True)
    assert EarlierSlotOffer.objects.get().answer == OfferAnswer.DECLINED
    assert_all_in(answer, language)
    assert_all_in(client.get(f"/rdv/{offered.code}/plus-tot"), language)
    for action in ("arreter", "demander"):
        done = client.post(f"/rdv/{offered.code}/liste-attente", {"action": action}, follow=True)
        assert_all_in(done, language)


# --- Which language ---


def _language_of(response: Any) -> str | None:
    return _read(response).root["lang"]


def test_french_is_spoken_to_whoever_asks_for_nothing(client, invitation):
    assert _language_of(client.get("/r/ABCD2345")) == "fr"


@pytest.mark.parametrize(
    ("header", "language"),
    [("ar-MA,ar;q=0.9", "ar"), ("pt-BR", "pt"), ("de,uk;q=0.5", "uk"), ("de", "fr"), (";;q=,\udcff", "fr")],
)
def test_the_browser_is_listened_to(client, invitation, header, language):
    response = client.get("/r/ABCD2345", headers={"accept-language": header})
    assert _language_of(response) == language


def test_what_the_browser_asks_for_is_never_kept(client, invitation):
    client.get("/r/ABCD2345", headers={"accept-language": "ar"})
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "fr"
    assert "langue" not in client.cookies


def test_the_choice_is_kept_on_the_person_and_leads_back_to_their_page(client, invitation):
    response = client.post("/langue", {"langue": "tr", "retour": "/r/ABCD2345"})
    assert response.url == "/r/ABCD2345"
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "tr"
    assert _language_of(Client().get("/r/ABCD2345")) == "tr"


def test_the_choice_made_on_the_page_of_a_rdv_is_kept_on_the_person(client, participation):
    client.post("/langue", {"langue": "ro", "retour": f"/rdv/{participation.code}/annuler"})
    participation.usager.refresh_from_db()
    assert participation.usager.language == "ro"


def test_the_choice_of_the_person_wins_over_what_the_browser_says(client, invitation, cookie):
    _speaks(invitation.follow_up.usager, "uk")
    cookie("es")
    response = client.get("/r/ABCD2345", headers={"accept-language": "ar"})
    assert _language_of(response) == "uk"


def test_the_choice_of_this_browser_wins_over_what_it_asks_for(client, invitation, cookie):
    cookie("es")
    assert _language_of(client.get("/invitation", headers={"accept-language": "ar"})) == "es"


def test_a_choice_made_before_the_code_is_kept_in_the_browser_alone(client, invitation):
    client.post("/langue", {"langue": "ar", "retour": "/invitation"})
    assert client.cookies["langue"]["httponly"]
    assert _language_of(client.get("/invitation")) == "ar"
    assert _language_of(client.get("/r/ABCD2345")) == "ar"
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "fr"


def test_going_back_to_french_is_a_choice_like_another(client, invitation):
    _speaks(invitation.follow_up.usager, "ar")
    client.post("/langue", {"langue": "fr", "retour": "/r/ABCD2345"})
    assert _language_of(client.get("/r/ABCD2345")) == "fr"


def test_one_page_is_read_in_french_without_changing_anything(client, invitation):
    _speaks(invitation.follow_up.usager, "ar")
    page = client.get("/r/ABCD2345").content.decode()
    assert 'href="/r/ABCD2345?lire=fr">Lire cette page en français</a>' in page
    assert _language_of(client.get("/r/ABCD2345?lire=fr")) == "fr"
    assert _language_of(client.get("/r/ABCD2345")) == "ar"
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "ar"


def test_a_french_page_has_no_way_to_french(client, invitation):
    assert "Lire cette page" not in client.get("/r/ABCD2345").content.decode()


def test_the_way_to_french_keeps_the_week_that_is_shown(client, invitation, lieu):
    _speaks(invitation.follow_up.usager, "ar")
    page = client.get(f"/r/ABCD2345/creneaux/lieu-{lieu.pk}?semaine=2026-03-09").content.decode()
    assert "?semaine=2026-03-09&amp;lire=fr" in page


@pytest.mark.parametrize(
    "back",
    [
        "",
        "//ailleurs.test/",
        "https://ailleurs.test/r/ABCD2345",
        "/agenda/",
        "r/ABCD2345",
        "/inconnue",
        "http://[",
    ],
)
def test_nobody_is_led_elsewhere_by_choosing_a_language(client, invitation, back):
    response = client.post("/langue", {"langue": "ar", "retour": back})
    assert (response.status_code, response.url) == (302, "/invitation")


@pytest.mark.parametrize("language", ["", "de", "FR ", "ar" * 500, "<b>"])
def test_an_unknown_language_changes_nothing(client, invitation, language):
    client.post("/langue", {"langue": language, "retour": "/r/ABCD2345"})
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "fr"
    assert "langue" not in client.cookies


def test_a_language_is_not_changed_by_following_a_link(client, invitation):
    response = client.get("/langue", {"langue": "ar", "retour": "/r/ABCD2345"})
    assert response.status_code == 405
    invitation.follow_up.usager.refresh_from_db()
    assert invitation.follow_up.usager.language == "fr"


def test_unknown_codes_tried_by_the_choice_of_language_count_as_tries(client, db):
    for _ in range(30):
        client.post("/langue", {"langue": "ar", "retour": "/r/ZZZZ9999"})
    assert client.post("/langue", {"langue": "ar", "retour": "/r/ZZZZ9999"}).status_code == 429


@pytest.mark.parametrize("garbage", ["xx", "ar", "", "fr\x01", "%00"])
def test_reading_in_something_else_than_french_is_not_listened_to(client, invitation, garbage):
    response = client.get("/r/ABCD2345", {"lire": garbage})
    assert (response.status_code, _language_of(response)) == (200, "fr")


# --- What stays French ---


def test_pages_of_agents_are_french_whatever_the_browser_says(agent_client):
    agent_client.cookies["langue"] = "ar"
    page = agent_client.get("/agenda/", headers={"accept-language": "ar"})
    assert _language_of(page) == "fr"
    assert "Aujourd'hui" in unescape(page.content.decode())


def test_the_language_of_a_page_is_forgotten_after_it(client, invitation):
    _speaks(invitation.follow_up.usager, "ar")
    client.get("/r/ABCD2345")
    assert translation.get_language() == "fr"


def test_what_people_typed_in_french_is_marked_as_french(client, invitation, lieu):
    _speaks(invitation.follow_up.usager, "ar")
    page = client.get(f"/r/ABCD2345/creneaux/lieu-{lieu.pk}").content.decode()
    assert '<bdi lang="fr">Centre médico-social de Valence</bdi>' in page


def test_words_that_an_organisation_typed_stay_french_and_are_escaped(client, invitation):
    category = invitation.follow_up.motif_category
    category.rdv_title = "café <b>rencontre</b>"
    category.save()
    _speaks(invitation.follow_up.usager, "ar")
    page = client.get("/r/ABCD2345").content.decode()
    assert '<bdi lang="fr">café &lt;b&gt;rencontre&lt;/b&gt;</bdi>' in page


def test_phone_numbers_keep_their_order_where_one_reads_from_the_right(client, invitation):
    _speaks(invitation.follow_up.usager, "ar")
    assert '<bdi dir="ltr">04 75 ' in client.get("/r/ABCD2345").content.decode()


def test_the_mail_to_those_who_open_plages_is_french(client, invitation, plage):
    invitation.organisation.email = "ouvrir@drome.test"
    invitation.organisation.save()
    plage.delete()
    _speaks(invitation.follow_up.usager, "ar")
    client.get("/r/ABCD2345/lieux")
    message = Message.objects.get(purpose=Purpose.NO_SLOT)
    assert not re.search("[\u0600-\u06ff]", message.subject + message.text)


def test_a_language_costs_no_query(client, invitation):
    client.get("/r/ABCD2345")
    with CaptureQueriesContext(connection) as in_french:
        client.get("/r/ABCD2345")
    _speaks(invitation.follow_up.usager, "ar")
    with CaptureQueriesContext(connection) as in_arabic:
        client.get("/r/ABCD2345")
    assert len(in_arabic) == len(in_french)
