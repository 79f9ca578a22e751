"""The words of a category: what an organisation says otherwise, its versions, what people will read."""

import re
from datetime import timedelta
from itertools import cycle

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.followups.models import Wording
from rdv_insertion.followups.wording import save_wording
from rdv_insertion.followups.words import OWN_WORDS, words_for
from rdv_insertion.messaging.enums import Channel, MessageStatus, Purpose
from rdv_insertion.messaging.models import Message
from rdv_insertion.web.configuration.categories.samples import Place, Shown
from tests.factories import OrganisationFactory, UsagerFactory

BLANK = dict.fromkeys(OWN_WORDS, "")


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def url(organisation, configuration):
    return lambda name, *more: reverse(
        f"configuration_category_{name}", args=[organisation.slug, configuration.pk, *more]
    )


@pytest.fixture
def saved(organisation, category, admin):
    """Save words without the page, as version `seen` + 1."""

    def save(seen=0, by=None, **words):
        return save_wording(
            organisation=organisation,
            motif_category=category,
            words=BLANK | words,
            seen_version=seen,
            agent=by or admin,
            now=timezone.now() + timedelta(minutes=seen),
        )

    return save


def typed(version=0, **words):
    return BLANK | {"version": str(version)} | words


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"').replace("\u00a0", " ")


def test_own_words_are_saved_as_a_version_with_its_author(admin_client, url, organisation, category, admin):
    answer = admin_client.post(url("words"), typed(rdv_title="  premier \n rendez-vous "), follow=True)
    wording = Wording.objects.get()
    assert (wording.version, wording.rdv_title, wording.created_by) == (1, "premier rendez-vous", admin)
    assert "Les textes sont enregistrés (1 texte à vous)" in text_of(answer)
    words = words_for(organisation.pk, category)
    assert (words.title, words.own) == ("premier rendez-vous", frozenset({"title"}))


def test_a_word_that_repeats_the_national_one_is_not_the_organisations_own(admin_client, url, category):
    admin_client.post(url("words"), typed(rdv_title=category.rdv_title, custom_sentence="Venez."))
    assert Wording.objects.get().rdv_title == ""


def test_saving_the_same_words_writes_no_version(admin_client, url, saved):
    saved(rdv_title="entretien")
    answer = admin_client.post(url("words"), typed(1, rdv_title="entretien"), follow=True)
    assert "Rien n'a changé" in text_of(answer)
    assert Wording.objects.count() == 1


def test_each_field_shows_the_national_text_and_says_which_are_own(admin_client, url, category, saved):
    saved(rdv_title="entretien")
    page = text_of(admin_client.get(url("words")))
    assert f"Texte national : « {category.rdv_title} »" in page
    assert f'placeholder="{category.user_designation}"' in page
    assert len(re.findall(r'class="word word--own', page)) == 1


def test_the_national_text_is_taken_back_without_saving_nor_losing_the_rest(admin_client, url, saved):
    saved(rdv_title="entretien")
    answer = admin_client.post(
        url("words"), typed(1, rdv_title="entretien", custom_sentence="Venez.", national="rdv_title")
    )
    page = text_of(answer)
    assert 'value="entretien"' not in page
    assert "Venez.</textarea>" in page
    assert Wording.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rdv_title": "x" * 151}, "150 caractères"),
        ({"custom_sentence": "x" * 301}, "300 caractères"),
    ],
)
def test_a_word_too_long_is_refused_and_kept_on_the_page(admin_client, url, wrong, sentence):
    answer = admin_client.post(url("words"), typed(**wrong, user_designation="allocataire"))
    assert (answer.status_code, Wording.objects.count()) == (422, 0)
    assert sentence in text_of(answer)
    assert 'value="allocataire"' in text_of(answer)


@pytest.mark.parametrize(
    "address",
    [
        "https://drome.example/rsa",
        "www.drome.example",
        "ladrome.fr",
        "bit.ly/3xYz",
        "HTTP\u200b://x",
        "rsa.Drome.FR.",
    ],
)
def test_no_other_link_than_the_persons_own_is_sent_in_the_name_of_the_service(admin_client, url, address):
    typed_link = typed(custom_sentence=f"Lisez {address}")
    answer = admin_client.post(url("words"), typed_link)
    assert (answer.status_code, Wording.objects.count()) == (422, 0)
    assert "N'écrivez pas d'adresse de site" in text_of(answer)
    assert f"Lisez {address}</textarea>" in text_of(answer)
    admin_client.post(url("words"), typed_link | {"essai": "email"})
    assert "Lisez" not in Message.objects.get().text


@pytest.mark.parametrize(
    "sentence", ["Écrivez à rsa.valence@ladrome.fr.", "Venez à 9 h.Merci", "CAF/MSA : n.c."]
)
def test_what_only_looks_like_a_link_is_kept(admin_client, url, sentence):
    admin_client.post(url("words"), typed(custom_sentence=sentence))
    assert Wording.objects.get().custom_sentence == sentence


@pytest.mark.parametrize("garbage", ["", "x", "9" * 40, "-1", "\u202e", "%00é" * 900])
def test_garbage_in_every_parameter_is_survived(admin_client, url, garbage):
    names = ["version", "message", "lieu", "langue", "personne", "chercher", "trouve", "telephone"]
    fields = dict.fromkeys([*OWN_WORDS, *names], garbage)
    for button in ("voir", "national", "essai", "enregistrer"):
        assert admin_client.post(url("words"), fields | {button: garbage}).status_code < 500
    assert admin_client.get(url("words"), fields).status_code == 200
    assert admin_client.get(url("mail"), fields).status_code == 200
    assert admin_client.get(url("letter"), fields).status_code == 200
    assert admin_client.post(url("restore", 0), {"version": garbage}).status_code < 500


def test_what_somebody_saved_meanwhile_is_said_and_nothing_typed_is_lost(admin_client, url, saved, agent):
    saved(rdv_title="entretien", by=agent)
    answer = admin_client.post(url("words"), typed(0, rdv_title="accueil"))
    page = text_of(answer)
    assert (answer.status_code, Wording.objects.count()) == (409, 1)
    assert "Alice Agent a enregistré ces textes pendant que vous écriviez" in page
    assert 'value="accueil"' in page
    assert "Enregistré entre-temps : « entretien »" in page
    assert 'name="version" value="1"' in page
    admin_client.post(url("words"), typed(1, rdv_title="accueil"))
    assert Wording.objects.first().rdv_title == "accueil"


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_make_one_version_and_one_is_told(organisation, category, admin, in_threads):
    def save(title):
        return lambda: save_wording(
            organisation=organisation,
            motif_category=category,
            words=BLANK | {"rdv_title": title},
            seen_version=0,
            agent=admin,
            now=timezone.now(),
        )

    results = in_threads(save("un"), save("deux"), save("trois"))
    assert sorted(type(one).__name__ for one in results) == ["SavedMeanwhile", "SavedMeanwhile", "Wording"]
    assert Wording.objects.count() == 1


def test_a_page_sent_without_its_version_is_refused_in_french(admin_client, url):
    answer = admin_client.post(url("words"), BLANK)
    assert answer.status_code == 422
    assert "sans son numéro de version" in text_of(answer)


def test_the_history_says_who_changed_what(admin_client, url, saved, agent):
    assert "Vos messages disent les textes nationaux" in text_of(admin_client.get(url("history")))
    saved(rdv_title="entretien")
    saved(1, rdv_title="accueil", by=agent)
    page = re.sub(r"<[^>]+>", " ", text_of(admin_client.get(url("history"))))
    page = " ".join(page.split())
    assert page.index("Version 2 En service Alice Agent") < page.index("Version 1 Bob Admin")
    assert "Titre du rendez-vous Avant : entretien Après : accueil" in page
    assert "Avant : texte national Après : entretien" in page


def test_an_older_version_is_taken_back_as_a_new_one(admin_client, url, saved):
    saved(rdv_title="entretien")
    saved(1, rdv_title="accueil")
    answer = admin_client.post(url("restore", 1), {"version": "2"}, follow=True)
    assert "La version 1 est reprise" in text_of(answer)
    assert list(Wording.objects.values_list("version", "rdv_title")) == [
        (3, "entretien"),
        (2, "accueil"),
        (1, "entretien"),
    ]


def test_an_older_version_with_another_link_is_not_taken_back(admin_client, url, saved):
    saved(custom_sentence="Lisez ceci.")
    saved(1, rdv_title="accueil")
    Wording.objects.filter(version=1).update(custom_sentence="Lisez ladrome.fr")
    answer = admin_client.post(url("restore", 1), {"version": "2"}, follow=True)
    assert "La version 1 n'est pas reprise. N'écrivez pas d'adresse de site" in text_of(answer)
    assert Wording.objects.count() == 2


def test_another_link_is_refused_without_the_page_too(saved):
    with pytest.raises(ValidationError, match="adresse de site"):
        saved(rdv_purpose="lire www.drome.example")
    assert not Wording.objects.exists()


def test_saving_can_be_undone(admin_client, url, organisation, category):
    admin_client.post(url("words"), typed(rdv_title="entretien"))
    page = text_of(admin_client.get(url("words")))
    assert f'action="{url("restore", 0)}"' in page
    admin_client.post(url("restore", 0), {"version": "1"})
    assert words_for(organisation.pk, category).title == category.rdv_title


def test_an_older_version_is_not_taken_back_over_one_that_nobody_read(admin_client, url, saved, agent):
    saved(rdv_title="entretien")
    saved(1, rdv_title="accueil", by=agent)
    answer = admin_client.post(url("restore", 1), {"version": "1"}, follow=True)
    assert "Alice Agent vient d'enregistrer d'autres textes" in text_of(answer)
    assert Wording.objects.count() == 2


def test_a_version_that_does_not_exist_is_not_found(admin_client, url):
    assert admin_client.post(url("restore", 7), {"version": "0"}).status_code == 404
    assert admin_client.post(url("restore", 10**18), {"version": "0"}).status_code == 404


def test_the_history_costs_the_same_queries_whatever_its_length(admin_client, url, saved):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url("history"))
        return len(captured)

    saved(rdv_title="un")
    queries()
    few = queries()
    for number in range(1, 7):
        saved(number, rdv_title=f"titre {number}")
    assert queries() == few


# What people will read


def test_the_words_typed_are_shown_and_marked_before_they_are_saved(admin_client, url):
    page = text_of(admin_client.post(url("words"), typed(voir="1", rdv_title="goûter d'accueil")))
    assert "Pas encore enregistré" in page
    assert "<mark>gouter d'accueil</mark>" in page  # the SMS
    assert "<mark>goûter d'accueil</mark>" in page  # the subject of the mail, the letter
    assert not Wording.objects.exists()


def test_the_words_saved_are_shown_and_marked_when_the_page_opens(admin_client, url, saved):
    saved(rdv_title="goûter d'accueil")
    page = text_of(admin_client.get(url("words")))
    assert "<mark>gouter d'accueil</mark>" in page
    assert "Pas encore enregistré" not in page


def test_htmx_gets_the_preview_alone(admin_client, url):
    answer = admin_client.post(
        url("words"), typed(voir="1"), headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    assert answer.status_code == 200
    assert text_of(answer).lstrip().startswith('<div id="preview"')


def test_the_cost_of_the_sms_is_said(admin_client, url):
    one = text_of(admin_client.get(url("words")))
    assert "1 SMS" in one
    two = text_of(admin_client.post(url("words"), typed(voir="1", custom_sentence="Venez avec vous. " * 8)))
    assert "2 SMS" in two


def test_letters_out_of_the_alphabet_of_sms_are_named(admin_client, url):
    page = text_of(admin_client.post(url("words"), typed(voir="1", rdv_title="rendez-vous de façade")))
    assert "« ç » devient « c »" in page


def test_another_language_has_its_own_alphabet(admin_client, url):
    page = text_of(admin_client.post(url("words"), typed(voir="1", langue="ar")))
    assert 'dir="rtl"' in page
    assert "La traduction est sur une deuxième page" in page


@pytest.mark.parametrize(
    ("message", "place"),
    [*zip(Shown.values, cycle(Place.values), strict=False), ("convocation", "visio"), ("rdv", "domicile")],
)
def test_every_message_is_shown_by_its_three_channels(admin_client, url, message, place):
    asked = {"message": message, "lieu": place, "personne": "monsieur"}
    page = text_of(admin_client.get(url("words"), asked))
    assert all(f'id="preview-{channel}"' in page for channel in ("sms", "mail", "letter"))
    assert "Monsieur Camille EXEMPLE" in text_of(admin_client.get(url("mail"), asked))
    assert admin_client.get(url("letter"), asked).content.startswith(b"%PDF-")


def test_the_title_by_phone_is_that_of_rdvs_by_phone(admin_client, url):
    asked = {"message": "rdv", "lieu": "telephone", "rdv_title_by_phone": "appel de bienvenue"}
    assert "<mark>appel de bienvenue</mark>" in text_of(admin_client.get(url("mail"), asked))


def test_a_real_person_of_the_organisation_reads(admin_client, url, organisation):
    usager = UsagerFactory(organisation=organisation, first_name="Zélie", last_name="Quentin", title=None)
    page = text_of(admin_client.post(url("words"), typed(voir="1", chercher="quent", trouve="")))
    assert "1 personne trouvée" in page
    assert f'<option value="{usager.pk}" selected>' in page
    assert "Zélie QUENTIN" in text_of(admin_client.get(url("mail"), {"personne": usager.pk}))


def test_a_person_of_another_organisation_does_not_read(admin_client, url):
    elsewhere = OrganisationFactory(slug="ailleurs")
    usager = UsagerFactory(organisation=elsewhere, first_name="Zélie", last_name="Quentin")
    page = text_of(admin_client.post(url("words"), typed(voir="1", chercher="quentin", personne=usager.pk)))
    assert "Personne de ce nom dans votre organisation" in page
    assert "QUENTIN" not in page
    assert "QUENTIN" not in text_of(admin_client.get(url("mail"), {"personne": usager.pk}))


def test_the_mail_is_framed_by_our_pages_only_and_runs_nothing(admin_client, url):
    answer = admin_client.get(url("mail"), {"rdv_title": "<script>alert(1)</script>"})
    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert "<script>alert" not in answer.content.decode()
    page = admin_client.get(url("words"))
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_of_the_words_costs_the_same_queries_whatever_the_people(admin_client, url, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.post(url("words"), typed(voir="1", chercher="a"))
        return len(captured)

    UsagerFactory(organisation=organisation, last_name="Aubert")
    queries()
    few = queries()
    for _ in range(5):
        UsagerFactory(organisation=organisation, last_name="Aubert")
    assert queries() == few


# A trial sent to oneself


def test_a_mail_is_tried_with_what_is_typed(admin_client, url, admin):
    answer = admin_client.post(url("words"), typed(essai="email", rdv_title="goûter"))
    message = Message.objects.get()
    assert (message.purpose, message.agent, message.recipient) == (Purpose.TRIAL, admin, admin.email)
    assert message.subject.startswith("[Essai] ")
    assert "goûter" in message.text
    assert not Wording.objects.exists()
    assert 'value="goûter"' in text_of(answer)
    assert f"Le mail d'essai part vers {admin.email}" in text_of(answer)


def test_an_sms_is_tried_on_the_mobile_typed_even_at_night(admin_client, url, admin):
    answer = admin_client.post(url("words"), typed(essai="sms", telephone="06 39 98 01 02"))
    message = Message.objects.get()
    assert (message.channel, message.recipient) == (Channel.SMS, "+33639980102")
    assert message.text.startswith("Essai : ")
    assert (message.even_at_night, message.status) == (True, MessageStatus.CREATED)
    assert "Le SMS d'essai part vers 06 39 98 01 02" in text_of(answer)


@pytest.mark.parametrize("number", ["", "12", "04 75 79 26 26", "+44 7911 123456", "x" * 90])
def test_an_sms_is_tried_on_a_mobile_only(admin_client, url, number):
    answer = admin_client.post(url("words"), typed(essai="sms", telephone=number, rdv_title="goûter"))
    assert (answer.status_code, Message.objects.count()) == (422, 0)
    assert "Tapez un numéro de mobile en 06 ou 07" in text_of(answer)
    assert 'value="goûter"' in text_of(answer)


def test_ten_trials_an_hour_are_enough(admin_client, url):
    answers = [admin_client.post(url("words"), typed(essai="email")) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Vous avez envoyé beaucoup d'essais" in text_of(answers[-1])
    assert Message.objects.count() == 10
