import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils.translation import override

from demo.department.wording import CATEGORIES
from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.channels.sms.encoding import segments, to_gsm7
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts import Text
from rdv_insertion.messaging.texts.content import LONGEST_SUBJECT
from rdv_insertion.messaging.texts.national import NATIONAL_WORDS
from rdv_insertion.messaging.texts.rdvs.content import EVENTS
from rdv_insertion.messaging.texts.rendering import PersonalContent
from tests.messaging.contents import (
    MAN,
    MODELS,
    PLACE,
    SOMEBODY,
    WOMAN,
    WORDS,
    earlier_slot,
    invitation,
    rdv,
)
from tests.messaging.outline import Outline

PLACES = ("public_office", "phone", "visio", "home")
PHONE = "04 75 00 00 00"


def sms(content: PersonalContent, language: str = "fr") -> str:
    return content.render(Channel.SMS, language).text


def mail(content: PersonalContent, language: str = "fr") -> Text:
    return content.render(Channel.EMAIL, language)


def letter(content: PersonalContent, language: str = "fr") -> Text:
    return content.render(Channel.LETTER, language)


def everything(content: PersonalContent) -> list[str]:
    """All that is sent, by every channel."""
    email = mail(content)
    on_paper = [letter(content)] if type(content).__name__ != "EarlierSlotContent" else []
    return [
        sms(content),
        email.subject,
        email.text,
        email.html,
        *(one.subject for one in on_paper),
        *(one.text for one in on_paper),
    ]


def unescaped(html: str) -> str:
    return html.replace("&#x27;", "'").replace("\u00a0", " ")


INVITATIONS = {
    f"{model}{'-reminder' * reminder}": invitation(words=words, reminder=reminder)
    for model, words in MODELS.items()
    for reminder in (False, True)
}
RDVS = {
    f"{'convocation-' * convocation}{event}-{place}": rdv(
        event=event, convocation=convocation, location_type=place
    )
    for convocation in (False, True)
    for event in EVENTS
    for place in PLACES
}
EVERY_ONE = pytest.mark.parametrize(
    "content",
    [
        pytest.param(content, id=name)
        for name, content in {**INVITATIONS, **RDVS, "earlier-slot": earlier_slot()}.items()
    ],
)
EVERY_MODEL = pytest.mark.parametrize("model", MODELS)
TO_COME = pytest.mark.parametrize(
    "content",
    [pytest.param(rdv(event=event), id=event) for event in EVENTS if event != "cancelled"]
    + [pytest.param(earlier_slot(), id="earlier-slot")],
)


# ---- Whatever is told


@EVERY_ONE
def test_no_placeholder_is_left_in_a_text(content: PersonalContent) -> None:
    for words in everything(content):
        assert not re.search(r"%\(|\{\{|\{%|None|\x00|undefined", words)


@EVERY_ONE
def test_sms_text_mails_and_letters_are_not_escaped_as_html(content: PersonalContent) -> None:
    email = mail(content)
    for text in (sms(content), email.subject, email.text):
        assert not re.search(r"&(#x27|#39|amp|quot|nbsp|lt|gt);", text)
    assert "N'DIAYE" in email.text


@EVERY_ONE
def test_html_mails_escape_what_people_typed(content: PersonalContent) -> None:
    nasty = replace(
        content,
        addressee=replace(WOMAN, first_name="<script>alert(1)</script>"),
        organisation="CD <b>26</b> & Cie",
    )
    html = mail(nasty).html
    assert "<script" not in html
    assert "<b>26" not in html
    assert "&lt;script&gt;" in html
    assert "CD &lt;b&gt;26&lt;/b&gt; &amp; Cie" in html


@EVERY_ONE
def test_every_text_gives_the_phone_to_call(content: PersonalContent) -> None:
    email = mail(content)
    assert PHONE in sms(content)
    assert PHONE in email.text
    assert 'href="tel:0475000000"' in email.html


@EVERY_ONE
def test_the_link_is_whole_in_every_mail(content: PersonalContent) -> None:
    link, email = content.link, mail(content)
    if "phone_platform" in getattr(content.words, "model", ""):
        assert link not in email.text + email.html
    else:
        assert f"\n{link}\n" in email.text
        assert email.html.count(f'href="{link}"') == 2


@EVERY_ONE
def test_a_link_of_an_sms_stands_between_spaces(content: PersonalContent) -> None:
    text = f"{sms(content)} "
    for link in re.findall(r"https://\S+", text):
        assert link in (content.link, getattr(content, "visio_url", ""))
        assert f" {link} " in text


@EVERY_ONE
def test_an_sms_begins_plainly_and_stays_in_the_alphabet_of_sms(content: PersonalContent) -> None:
    text = sms(content)
    assert re.match(r"Bonjour, |(Nouveau |Rappel )?RDV ", text)
    assert text == to_gsm7(text)
    assert "  " not in text


@EVERY_ONE
def test_nobody_is_called_by_their_first_name_alone_or_told_tu(content: PersonalContent) -> None:
    for words in everything(content):
        assert not re.search(r"\b(tu|te|ton|ta|tes|toi)\b", re.sub(r"<[^>]*>|https?://\S+", " ", words))


@EVERY_ONE
def test_html_mails_are_accessible_and_need_nothing_from_elsewhere(content: PersonalContent) -> None:
    html = mail(content).html
    outline = Outline(html)
    assert html.startswith("<!DOCTYPE html>")
    assert (outline.all("html")[0]["lang"], outline.all("html")[0]["dir"]) == ("fr", "ltr")
    assert len(outline.all("h1")) == 1
    assert all(table["role"] == "presentation" for table in outline.all("table"))
    assert not outline.all("img") + outline.all("script") + outline.all("link")
    assert any(meta.get("name") == "color-scheme" for meta in outline.all("meta"))
    assert re.search(r"<title>[^<]+</title>", html)


@EVERY_ONE
def test_the_two_forms_of_a_mail_say_the_same(content: PersonalContent) -> None:
    email = mail(content)
    html = " ".join(unescaped(re.sub(r"<[^>]*>", " ", email.html)).split())
    for line in filter(None, email.text.splitlines()):
        assert line.removesuffix(" :").removesuffix(PHONE + ".").strip() in html


def test_a_subject_holds_on_one_line_and_in_its_column() -> None:
    words = replace(WORDS, title="rendez-vous\r\nBcc: a@b.c " + "très long " * 40)
    subject = mail(invitation(words=words)).subject
    assert "\n" not in subject
    assert "\r" not in subject
    assert len(subject) <= LONGEST_SUBJECT


@pytest.mark.parametrize(
    ("domain", "said"),
    [("", "Personne ne lit les réponses"), ("reponses.test", "Vous pouvez répondre à ce mail.")],
)
def test_a_mail_says_whether_answers_are_read(settings: Any, domain: str, said: str) -> None:
    settings.REPLY_DOMAIN = domain
    email = mail(invitation())
    assert said in email.text
    assert said in email.html


@pytest.mark.parametrize(
    ("addressee", "summoned"), [(WOMAN, "convoquée"), (MAN, "convoqué"), (SOMEBODY, "convoqué(e)")]
)
def test_words_agree_with_the_person(addressee: Any, summoned: str) -> None:
    content = rdv(convocation=True, addressee=addressee)
    for words in (sms(content), mail(content).html, letter(content).text):
        assert re.search(rf"vous .tes {re.escape(summoned)} ", words, re.IGNORECASE)


def test_words_typed_for_everybody_agree_too() -> None:
    words = replace(WORDS, designation="candidat(e) à un emploi")
    assert "Vous êtes candidate à un emploi et" in mail(invitation(words=words)).text
    assert "Vous êtes candidat à un emploi et" in mail(invitation(words=words, addressee=MAN)).text
    assert "Vous êtes candidat(e) à un emploi" in mail(invitation(words=words, addressee=SOMEBODY)).text


# ---- Invitations


@pytest.mark.parametrize("days_left", [0, 1, 4, 10, 30, None])
@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("model", ["standard", "atelier", "phone_platform"])
@pytest.mark.parametrize("reminder", [False, True])
def test_an_invitation_by_sms_is_paid_once(
    model: str, days_left: int | None, mandatory: bool, reminder: bool
) -> None:
    words = replace(MODELS[model], mandatory=mandatory)
    assert segments(sms(invitation(words=words, days_left=days_left, reminder=reminder))) == 1


@EVERY_MODEL
@pytest.mark.parametrize("reminder", [False, True])
@pytest.mark.parametrize(
    ("days_left", "expected"), [(10, "10 jours"), (2, "2 jours"), (1, "1 jour"), (0, "dernier jour")]
)
def test_an_invitation_announces_the_real_number_of_days_left(
    model: str, reminder: bool, days_left: int, expected: str
) -> None:
    content = invitation(words=MODELS[model], days_left=days_left, reminder=reminder)
    email = mail(content)
    for words in (sms(content).lower(), email.text, email.html):
        assert re.search(rf"{expected}(?!s)", words)


@EVERY_MODEL
def test_an_invitation_without_limit_speaks_of_no_day(model: str) -> None:
    content = invitation(words=MODELS[model], days_left=None, last_day=None)
    for words in everything(content):
        assert not re.search(r"\d+ jours?\b|dernier jour|avant le", words)


@EVERY_MODEL
def test_a_letter_says_a_date_since_nobody_knows_when_it_is_read(model: str) -> None:
    on_paper = letter(invitation(words=MODELS[model], last_day=date(2026, 3, 13)))
    assert "avant le vendredi 13 mars 2026." in on_paper.text
    assert "10 jours" not in on_paper.text
    assert "https://" not in on_paper.text  # the address and the code have their own frame


def test_a_letter_says_how_to_do_without_internet() -> None:
    assert "Vous n'avez pas internet" in letter(invitation()).text


@EVERY_MODEL
@pytest.mark.parametrize("mandatory", [True, False])
def test_what_is_at_stake_is_said_only_when_it_is_mandatory(model: str, mandatory: bool) -> None:
    words = replace(
        MODELS[model], mandatory=mandatory, punishable_warning="votre RSA peut être réduit ou suspendu"
    )
    content = invitation(words=words, reminder=True)
    email, on_paper = mail(content), letter(content)
    for text in (email.text, email.html, on_paper.text):
        assert ("obligatoire" in text) is mandatory
        assert ("votre RSA peut être réduit" in text) is mandatory
    assert ("obligatoire" in sms(content)) is mandatory


def test_families_are_threatened_with_nothing_in_the_first_message() -> None:
    for text in everything(invitation(words=MODELS["atelier_enfants_ados"])):
        assert not re.search(r"obligatoire|réduit|suspendu", text)


def test_what_is_at_stake_is_what_the_category_says() -> None:
    words = replace(WORDS, subject="candidature", designation="candidat(e)", punishable_warning="")
    for text in everything(invitation(words=words)):
        assert "RSA" not in text


def test_a_phone_platform_is_called_and_has_no_link() -> None:
    content = invitation(words=MODELS["phone_platform"])
    for text in everything(content):
        assert content.link not in text
        assert content.code not in text
    assert "appelez le 04 75 00 00 00" in sms(content)
    assert mail(content).text.count(PHONE) == 1


@EVERY_MODEL
def test_referents_are_named(model: str) -> None:
    content = invitation(words=MODELS[model], referents=("Aïcha N'Diaye", "Jean Petit"))
    for words in (sms(content), mail(content).text, letter(content).text):
        assert re.search(r"A.cha N'Diaye et Jean Petit", words)


@EVERY_MODEL
def test_the_sentence_that_the_organisation_adds_is_said_by_every_channel(model: str) -> None:
    words = replace(MODELS[model], custom_sentence="  Venez avec \n vos papiers ")
    content = invitation(words=words)
    for text in (sms(content), mail(content).text, letter(content).text):
        assert "Venez avec vos papiers." in text


def test_whoever_is_only_received_by_phone_reads_it() -> None:
    assert "rendez-vous d'orientation par téléphone" in mail(invitation(by_phone=True)).subject


def test_a_matter_that_the_title_says_is_not_said_again() -> None:
    assert "atelier compétences (" not in sms(invitation(words=MODELS["atelier"]))
    assert "rendez-vous d'orientation (RSA, obligatoire)" in sms(invitation())


def test_a_reminder_says_that_it_is_one() -> None:
    content = invitation(reminder=True, days_left=7)
    assert "rappel" in sms(content)
    assert mail(content).subject.startswith("Rappel : ")
    assert "Vous n'avez pas encore choisi" in mail(content).text


# ---- Rdvs and convocations


@TO_COME
def test_an_sms_about_a_rdv_is_paid_twice_at_most_with_its_address(content: PersonalContent) -> None:
    text = sms(content)
    assert segments(text) <= 2
    assert "mardi 3 mars 2026 à 9 h 30" in text
    if type(content).__name__ == "RdvContent":  # The other holds two dates: the address is behind its link.
        assert PLACE[1] in text


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "where",
    [
        {"location_type": "phone"},
        {"location_type": "home"},
        {"location_type": "public_office", "place": ("Mairie de Die", "2 rue Haute, 26150 Die")},
    ],
)
def test_an_sms_about_a_rdv_is_paid_once_when_it_can_be(event: str, where: Any) -> None:
    text = sms(rdv(event=event, **where))
    assert segments(text) == 1
    assert "mardi 3 mars" in text
    assert "04 75 00 00 00" in text
    assert event == "cancelled" or "https://rdv-insertion.fr/rdv/ABCDEFGH" in text
    assert event != "reminder" or "obligatoire" in text


def test_the_title_that_an_organisation_chose_is_not_left_out_of_an_sms() -> None:
    own = replace(WORDS, title="premier accueil", own=frozenset({"title"}))
    text = sms(rdv(location_type="home", words=own, title=own.title))
    assert "votre premier accueil a lieu le mardi 3 mars" in text


def test_an_sms_that_would_cost_as_much_in_fewer_words_keeps_them_all() -> None:
    assert sms(rdv()).startswith("Bonjour, c'est confirmé : votre rendez-vous d'orientation a lieu le mardi")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("place", ["public_office", "phone", "visio", "home"])
def test_a_convocation_by_sms_is_paid_twice_at_most_with_what_is_at_stake(event: str, place: str) -> None:
    assert segments(sms(rdv(event=event, convocation=True, location_type=place))) <= 2


@pytest.mark.parametrize("convocation", [False, True])
def test_a_cancellation_by_sms_is_paid_once(convocation: bool) -> None:
    assert segments(sms(rdv(event="cancelled", convocation=convocation))) == 1


@TO_COME
def test_a_mail_about_a_rdv_says_when_where_and_what_to_bring(content: PersonalContent) -> None:
    email = mail(content)
    for words in (email.text, unescaped(email.html)):
        assert "mardi 3 mars 2026 à 9 h 30" in words
        assert "Centre médico-social de l'Hôtel-Dieu" in words
        assert "une pièce d'identité" in words
        assert "Bus 5, arrêt Gare" in words
        assert "Venez 5 minutes avant l'heure." in words
    assert "mardi 3 mars 2026 à 9 h 30" in email.subject


@TO_COME
def test_what_is_not_known_leaves_no_empty_label(content: PersonalContent) -> None:
    bare = replace(content, what_to_bring="", instruction="", access="", help_phone="", words=None)
    email = mail(bare)
    for words in (email.text, email.html, sms(bare)):
        assert not re.search(r"À apporter|À savoir|Pour venir|Une question|Aide|tel:|obligatoire", words)


@pytest.mark.parametrize("event", ["created", "updated", "reminder"])
@pytest.mark.parametrize("convocation", [False, True])
@pytest.mark.parametrize(
    ("place", "said", "not_said"),
    [
        ("public_office", "12 rue de la République, 26000 Valence", "chez vous|visio|nous vous appelons"),
        ("phone", "ous vous appelons au 06 12 00 00 00", "rue de la République|visio|chez vous"),
        ("visio", "https://webconf.numerique.gouv.fr/", "rue de la République|chez vous|nous vous appelons"),
        ("home", "Nous venons chez vous.", "rue de la République|visio|nous vous appelons"),
    ],
)
def test_each_type_of_place_is_said_in_its_words(
    event: str, convocation: bool, place: str, said: str, not_said: str
) -> None:
    content = rdv(event=event, convocation=convocation, location_type=place)
    for text in (sms(content), mail(content).text, mail(content).html, letter(content).text):
        assert said in text
        assert not re.search(not_said, re.sub(r"https?://\S+", "", text))


def test_an_hour_at_home_is_approximate() -> None:
    for text in everything(rdv(location_type="home"))[:4]:
        assert "vers 9 h 30" in text.replace("\u00a0", " ")
    assert "vers" not in sms(rdv())


def test_dates_are_told_on_the_clocks_of_the_place() -> None:
    assert "mardi 3 mars 2026 à 9 h 30" in sms(rdv(starts_at=datetime(2026, 3, 3, 8, 30, tzinfo=UTC)))


@pytest.mark.parametrize("event", ["created", "updated", "reminder"])
@pytest.mark.parametrize("place", PLACES)
def test_a_convocation_says_what_is_at_stake_and_how_to_say_that_one_cannot_come(
    event: str, place: str
) -> None:
    content = rdv(event=event, convocation=True, location_type=place)
    for text in (sms(content), mail(content).text, letter(content).text):
        assert re.search(r"obligatoire|Vous devez répondre", text)
        assert re.search(r"votre RSA peut .tre réduit ou suspendu", text)
        assert re.search(r"[Ee]mp.chement \?", text)
        assert PHONE in text
        assert content.link in text


def test_a_convocation_without_consequence_threatens_with_nothing() -> None:
    content = rdv(convocation=True, words=replace(WORDS, punishable_warning=""))
    for text in everything(content):
        assert not re.search(r"sinon|En cas d'absence|RSA", text)


@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("event", EVENTS)
def test_a_rdv_says_that_it_is_mandatory_only_when_it_is(event: str, mandatory: bool) -> None:
    content = rdv(event=event, words=replace(WORDS, mandatory=mandatory))
    assert ("obligatoire" in mail(content).text) is mandatory
    assert ("obligatoire" in sms(content)) is (mandatory and event == "reminder")


def test_whoever_cancelled_reads_that_it_is_noted_and_the_others_that_it_does_not_take_place() -> None:
    by_them = rdv(event="cancelled", cancelled_by_service=False)
    assert "c'est noté" in sms(by_them)
    assert "n'aura pas lieu" in sms(rdv(event="cancelled"))
    assert "Ne venez pas" in mail(rdv(event="cancelled")).text


def test_agents_are_named_when_they_are_given() -> None:
    content = rdv(agents=("Aïcha Petit",))
    for text in (mail(content).text, mail(content).html, letter(content).text):
        assert "Avec Aïcha Petit." in text
    assert "Avec" not in sms(rdv())


def test_an_earlier_slot_says_until_when_to_answer_and_what_happens_otherwise() -> None:
    email = mail(earlier_slot())
    for words in (sms(earlier_slot()), email.text, email.html):
        assert re.search(r"Répondez avant 14 h 10", words)
        assert "reste inchangé" in words
    assert "votre rendez-vous du 12/03/2026 à 14 h reste inchangé" in sms(earlier_slot())
    assert "votre rendez-vous du jeudi 12 mars 2026 à 14 h reste inchangé" in email.text


# ---- Languages


@pytest.mark.parametrize("language", [one for one in Language.values if one != "fr"])
def test_a_mail_in_another_language_is_followed_by_the_whole_french_one(language: str) -> None:
    french, other = mail(invitation()), mail(invitation(), language)
    above, _, below = other.text.partition("En français :\n\n")
    assert below == french.text
    assert other.french == french.text
    assert "https://rdv-insertion.fr/r/ABCDEFGH" in above
    outline = Outline(other.html)
    assert outline.all("html")[0]["lang"] == language
    assert [part["lang"] for part in outline.all("div") if "lang" in part] == [language, "fr"]
    assert (len(outline.all("h1")), len(outline.all("h2"))) == (1, 1)


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fa", "rtl"), ("uk", "ltr")])
def test_a_mail_runs_in_the_direction_of_its_language(language: str, direction: str) -> None:
    outline = Outline(mail(rdv(), language).html)
    assert outline.all("html")[0]["dir"] == direction
    assert [part["dir"] for part in outline.all("div") if "lang" in part] == [direction, "ltr"]


def test_an_sms_in_another_language_keeps_its_french_for_agents() -> None:
    told = invitation().render(Channel.SMS, "ar")
    assert told.french == sms(invitation())
    assert invitation().render(Channel.SMS, "fr").french == ""


def test_a_letter_is_in_french_with_its_translation_beside_it() -> None:
    french, other = letter(invitation()), letter(invitation(), "ar")
    assert (other.text, other.subject) == (french.text, french.subject)
    translation = other.letter["translation"]
    assert (translation["language"], translation["direction"]) == ("ar", "rtl")
    assert len(translation["paragraphs"]) == len(french.text.split("\n\n"))
    assert "translation" not in french.letter


def test_a_phone_number_keeps_its_order_where_words_go_from_right_to_left() -> None:
    assert "04\u00a075\u00a000\u00a000\u00a000" in sms(invitation(), "ar")


def test_words_that_no_catalog_knows_stay_french_between_guillemets() -> None:
    words = replace(WORDS, title="rendez-vous du mardi", purpose="boire un café")
    assert "« rendez-vous du mardi »" in mail(invitation(words=words), "es").text
    assert "« boire un café »" in mail(invitation(words=words), "es").text
    assert "«" not in mail(invitation(words=words)).text


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category["short_name"])
def test_the_national_words_are_offered_to_the_catalogs(category: dict[str, Any]) -> None:
    said = ("rdv_title", "rdv_title_by_phone", "rdv_subject", "rdv_purpose", "user_designation")
    words = [category.get(field, "") for field in (*said, "punishable_warning", "what_to_bring")]
    assert set(filter(None, words)) <= NATIONAL_WORDS


def test_names_are_said_without_title_in_another_language() -> None:
    with override("en"):
        assert WOMAN.name == "Maïa N'DIAYE"
    with override("fr"):
        assert WOMAN.name == "Madame Maïa N'DIAYE"


def test_what_is_said_does_not_depend_on_the_language_of_who_asks() -> None:
    told = mail(rdv())
    with override("ar"):
        assert mail(rdv()) == told
