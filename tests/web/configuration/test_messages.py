"""How an organisation presents itself in its messages, its budget of SMS, its sendings stopped."""

import re
import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.identity import identity_of
from rdv_insertion.messaging.models import (
    ChannelPause,
    MessagesConfiguration,
    Picture,
    SendingConfiguration,
    SmsBudget,
)
from rdv_insertion.messaging.pictures import MOST_BYTES, InvalidPicture, read_picture
from rdv_insertion.messaging.services.identity import Presentation, save_presentation
from rdv_insertion.messaging.services.pictures import forget_unused_pictures
from rdv_insertion.web.configuration.messages.forms import picture_signer
from tests.factories import MessageFactory, OrganisationFactory

TEXTS = ("letter_sender_name", "sender_city", "direction_names", "signature_lines", "help_address")


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def url(organisation):
    return lambda name="", *more: reverse(
        "configuration_messages" + (f"_{name}" if name else ""), args=[organisation.slug, *more]
    )


@pytest.fixture
def saved(organisation, admin):
    """Save a presentation without the page, as version `seen` + 1."""

    def save(seen=0, by=None, **values):
        return save_presentation(
            organisation=organisation,
            presentation=Presentation(**values),
            seen_version=seen,
            agent=by or admin,
            now=timezone.now() + timedelta(minutes=seen),
        )

    return save


def typed(version=0, **values):
    return dict.fromkeys(TEXTS, "") | {"version": str(version)} | values


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"').replace("\u00a0", " ")


def png(width=4, height=2, colour=(20, 60, 160)):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def file(content, name="image.png"):
    return SimpleUploadedFile(name, content, content_type="image/png")


# Presentation


def test_the_presentation_is_saved_as_a_version_with_its_author(admin_client, url, organisation, admin):
    admin_client.post(
        url(),
        typed(
            letter_sender_name="Département de la Drôme",
            sender_city=" Die ",
            direction_names="Direction de l'insertion\r\n\r\n  Service RSA ",
            signature_lines="La présidente\nMarie Mouton",
            help_address="Maison du département, Die",
        ),
    )
    known = MessagesConfiguration.objects.get()
    assert (known.version, known.created_by) == (1, admin)
    identity = identity_of(organisation)
    assert identity.letter_sender_name == "Département de la Drôme"
    assert (identity.sender_city, identity.help_address) == ("Die", "Maison du département, Die")
    assert identity.direction_names == ("Direction de l'insertion", "Service RSA")
    assert identity.signature_lines == ("La présidente", "Marie Mouton")


def test_what_is_left_empty_shows_its_default(admin_client, url, organisation):
    page = text_of(admin_client.get(url()))
    assert f"Vide : « {organisation.name} »" in page
    assert 'placeholder="Valence"' in page
    assert "Vide : « Dept26 »" in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"letter_sender_name": "x" * 101}, "100 caractères"),
        ({"direction_names": "a\nb\nc\nd\ne"}, "4 lignes au plus."),
        ({"signature_lines": "a\nb\nc\nd\ne\nf"}, "5 lignes au plus."),
        ({"signature_lines": "x" * 101}, "100 caractères par ligne au plus."),
        ({"help_address": "x" * 256}, "255 caractères"),
        ({"version": ""}, "sans son numéro de version"),
    ],
)
def test_a_mistake_is_said_in_french_and_what_was_typed_stays(admin_client, url, wrong, sentence):
    answer = admin_client.post(url(), typed(sender_city="Crest") | wrong)
    assert (answer.status_code, MessagesConfiguration.objects.count()) == (422, 0)
    assert sentence in text_of(answer)
    assert 'value="Crest"' in text_of(answer)


def test_saving_the_same_presentation_writes_no_version(admin_client, url, saved):
    saved(sender_city="Die")
    answer = admin_client.post(url(), typed(1, sender_city="Die"), follow=True)
    assert "Rien n'a changé" in text_of(answer)
    assert MessagesConfiguration.objects.count() == 1


def test_what_somebody_saved_meanwhile_is_said_and_nothing_typed_is_lost(admin_client, url, saved, agent):
    saved(sender_city="Die", by=agent)
    answer = admin_client.post(url(), typed(0, sender_city="Crest", signature_file=file(png())))
    page = text_of(answer)
    assert (answer.status_code, MessagesConfiguration.objects.count()) == (409, 1)
    assert "Alice Agent a enregistré une autre présentation pendant que vous écriviez" in page
    assert 'value="Crest"' in page
    assert 'name="version" value="1"' in page
    key = re.search(r'name="signature_key" value="([^"]+)"', page).group(1)
    admin_client.post(url(), typed(1, sender_city="Crest", signature_key=key))
    known = MessagesConfiguration.objects.first()
    assert (known.version, known.sender_city, known.signature_picture) == (2, "Crest", Picture.objects.get())


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_make_one_version_and_one_is_told(organisation, admin, in_threads):
    def save(city):
        return lambda: save_presentation(
            organisation=organisation,
            presentation=Presentation(sender_city=city),
            seen_version=0,
            agent=admin,
            now=timezone.now(),
        )

    results = in_threads(save("Die"), save("Crest"))
    assert sorted(type(one).__name__ for one in results) == ["MessagesConfiguration", "SavedMeanwhile"]


# Pictures


def test_a_signature_and_logos_are_kept_and_shown_to_the_organisation_alone(admin_client, url, organisation):
    logo, signature = png(8, 8), png(9, 3)
    admin_client.post(
        url(),
        typed(signature_file=file(signature), logo_1_file=file(logo), logo_1_name="La Drôme"),
    )
    known = MessagesConfiguration.objects.get()
    assert bytes(known.signature_picture.content) == signature
    assert [one["name"] for one in known.logos] == ["La Drôme"]
    page = text_of(admin_client.get(url()))
    shown = re.findall(r'src="([^"]+/images/[^"]+)"', page)
    answers = [admin_client.get(one) for one in shown]
    assert {answer.content for answer in answers} == {logo, signature}
    assert {answer.headers["Content-Type"] for answer in answers} == {"image/png"}
    assert 'alt="La Drôme"' in page


def test_a_picture_of_another_organisation_is_not_shown(admin_client, admin, url, saved, organisation):
    picture = read_picture(png())
    picture.save()
    mine = picture_signer(organisation).sign(picture.digest)
    theirs = picture_signer(OrganisationFactory(slug="ailleurs")).sign(picture.digest)
    assert admin_client.get(url("picture", mine)).status_code == 200
    assert admin_client.get(url("picture", theirs)).status_code == 404
    assert admin_client.get(url("picture", picture.digest)).status_code == 404
    admin_client.post(url(), typed(signature_key=theirs, sender_city="Die"))
    assert MessagesConfiguration.objects.get().signature_picture is None


def test_a_picture_that_is_right_is_not_lost_when_another_field_is_wrong(admin_client, url):
    answer = admin_client.post(url(), typed(logo_0_file=file(png()), logo_0_name="", sender_city="x" * 101))
    page = text_of(answer)
    assert "Donnez un nom à ce logo" in page
    key = re.search(r'name="logo_0_key" value="([^"]+)"', page).group(1)
    admin_client.post(url(), typed(logo_0_key=key, logo_0_name="La Drôme"))
    assert MessagesConfiguration.objects.get().logos[0]["digest"] == Picture.objects.get().digest


def test_pictures_that_nobody_saved_are_forgotten_at_night_and_asked_for_again(
    admin_client, url, saved, organisation
):
    former, shown, printed, dropped = (read_picture(png(colour=(n, n, n))) for n in range(4))
    Picture.objects.bulk_create([former, shown, printed, dropped])
    saved(signature_digest=former.digest)
    saved(1, logos=({"digest": shown.digest, "name": "La Drôme"},))
    MessageFactory(
        organisation=organisation,
        channel=Channel.LETTER,
        letter={"signature_digest": "", "logos": [{"digest": printed.digest, "name": "Europe"}]},
    )
    key = picture_signer(organisation).sign(dropped.digest)
    assert forget_unused_pictures() == 1
    assert {one.pk for one in Picture.objects.all()} == {former.digest, shown.digest, printed.digest}
    answer = admin_client.post(url(), typed(2, signature_key=key, sender_city="Crest"))
    assert (answer.status_code, MessagesConfiguration.objects.count()) == (422, 2)
    assert "choisissez-la de nouveau" in text_of(answer)
    assert 'value="Crest"' in text_of(answer)


def test_a_picture_that_disappears_while_it_is_saved_is_asked_for_again(saved):
    with pytest.raises(ValidationError):
        saved(logos=({"digest": "a" * 64, "name": "La Drôme"},))


def test_a_picture_stays_until_it_is_removed(admin_client, url):
    admin_client.post(url(), typed(signature_file=file(png())))
    key = re.search(r'name="signature_key" value="([^"]+)"', text_of(admin_client.get(url()))).group(1)
    admin_client.post(url(), typed(1, signature_key=key, sender_city="Die"))
    assert MessagesConfiguration.objects.first().signature_picture is not None
    admin_client.post(url(), typed(2, signature_key=key, sender_city="Die", signature_remove="on"))
    assert MessagesConfiguration.objects.first().signature_picture is None


_GIF = b"GIF89a" + b"\0" * 50
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Ce fichier n'est pas une image PNG ou JPEG."),
        (_GIF, "Ce fichier n'est pas une image PNG ou JPEG."),
        (_SVG, "Ce fichier n'est pas une image PNG ou JPEG."),
        (png()[:-20], "Cette image est abîmée."),
        (png()[:18], "Cette image est abîmée."),
        (b"\xff\xd8\xff", "Cette image est abîmée."),
        (b"\xff\xd8" + b"\xff" * 60, "Cette image est abîmée."),
        (b"\xff\xd8\xff\xe0\0\x04ab" * 9, "Cette image est abîmée."),
        (png(4001, 1), "Cette image est trop grande"),
        (png() + b"\0" * MOST_BYTES, "Cette image dépasse 2 Mo."),
    ],
)
def test_a_file_that_a_letter_could_not_show_is_refused(admin_client, url, content, sentence):
    with pytest.raises(InvalidPicture) as refused:
        read_picture(content)
    assert sentence in str(refused.value)
    if content:  # a browser sends no empty file
        answer = admin_client.post(url(), typed(signature_file=file(content)))
        assert (answer.status_code, Picture.objects.count()) == (422, 0)
        assert sentence in text_of(answer)


def test_only_what_is_drawn_of_a_picture_is_kept():
    """A profile of colours unfolds to as much memory as whoever made it wants."""
    body = b"iCCP" + b"x\0\0" + zlib.compress(b"\0" * 10_000_000)
    profile = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 33
    heavy = png()[:after_header] + profile + png()[after_header:] + b"anything"
    assert read_picture(heavy).content == png()


def test_the_same_picture_is_kept_once(admin_client, url):
    admin_client.post(
        url(), typed(signature_file=file(png()), logo_0_file=file(png()), logo_0_name="La Drôme")
    )
    assert Picture.objects.count() == 1


# What a letter looks like


def test_the_letterhead_is_shown_as_it_is_typed(admin_client, url):
    answer = admin_client.post(
        url(), typed(sender_city="Die-en-Drôme"), headers={"HX-Request": "true", "HX-Target": "letterhead"}
    )
    page = text_of(answer)
    assert page.lstrip().startswith("<aside")
    assert "Die-en-Drôme, le " in page
    assert not MessagesConfiguration.objects.exists()


def test_the_real_letter_is_drawn_with_what_is_typed_pictures_included(admin_client, url):
    answer = admin_client.post(
        url("letterhead"),
        typed(
            sender_city="Die", logo_0_file=file(png()), logo_0_name="La Drôme", signature_file=file(png(9, 9))
        ),
    )
    assert answer.headers["Content-Type"] == "application/pdf"
    page = PdfReader(BytesIO(answer.content)).pages[0]
    assert len(page.images) == 2
    assert "Die, le" in page.extract_text()
    assert not MessagesConfiguration.objects.exists()


# Versions


def test_the_history_says_who_changed_what_and_takes_a_version_back(admin_client, url, saved, agent):
    assert "Vos courriers portent la présentation par défaut" in text_of(admin_client.get(url("history")))
    saved(sender_city="Die")
    saved(1, sender_city="Crest", by=agent)
    page = " ".join(re.sub(r"<[^>]+>", " ", text_of(admin_client.get(url("history")))).split())
    assert page.index("Version 2 En service Alice Agent") < page.index("Version 1 Bob Admin")
    assert "Ville Avant : Die Après : Crest" in page
    admin_client.post(url("restore", 1), {"version": "2"})
    assert list(MessagesConfiguration.objects.values_list("version", "sender_city"))[0] == (3, "Die")
    admin_client.post(url("restore", 0), {"version": "3"})
    assert list(MessagesConfiguration.objects.values_list("version", "sender_city"))[0] == (4, "")


def test_a_version_is_not_taken_back_over_one_that_nobody_read(admin_client, url, saved, agent):
    saved(sender_city="Die")
    saved(1, sender_city="Crest", by=agent)
    answer = admin_client.post(url("restore", 1), {"version": "1"}, follow=True)
    assert "Alice Agent vient d'enregistrer autre chose" in text_of(answer)
    assert MessagesConfiguration.objects.count() == 2
    assert admin_client.post(url("restore", 9), {"version": "2"}).status_code == 404


# SMS


def test_the_sender_of_sms_is_changed_and_can_be_undone(admin_client, url, organisation):
    answer = admin_client.post(url("sender"), {"sms_sender_name": "RsaDrome"}, follow=True)
    organisation.refresh_from_db()
    assert organisation.sms_sender == "RsaDrome"
    assert "Vos prochains SMS viendront de « RsaDrome »" in text_of(answer)
    assert "Annuler" in text_of(answer)
    admin_client.post(url("sender"), {"sms_sender_name": ""})
    organisation.refresh_from_db()
    assert organisation.sms_sender == "Dept26"


@pytest.mark.parametrize("name", ["RSA", "a1b", "Abcdefghij1"])
def test_a_sender_of_three_to_eleven_letters_and_digits_is_taken(admin_client, url, organisation, name):
    assert admin_client.post(url("sender"), {"sms_sender_name": name}).status_code == 302


@pytest.mark.parametrize(
    "name", ["ab", "Abcdefghij12", "Drôme", "RSA 26", "123456", "RSA-26", "\u202eRSA", "x" * 99]
)
def test_a_sender_that_operators_do_not_show_is_refused(admin_client, url, organisation, name):
    answer = admin_client.post(url("sender"), {"sms_sender_name": name})
    organisation.refresh_from_db()
    assert (answer.status_code, organisation.sms_sender_name) == (422, "")
    assert "De 3 à 11 lettres ou chiffres, dont une lettre" in text_of(answer)


def test_the_budget_is_set_shown_and_removed(admin_client, url, organisation):
    admin_client.post(url("budget"), {"segments_a_month": "200"})
    MessageFactory(organisation=organisation, channel=Channel.SMS, segments=50)
    page = text_of(admin_client.get(url()))
    assert "50 SMS" in page
    assert "200 SMS" in page
    assert "soit 25 %" in page
    assert '<meter class="budget-bar" min="0" max="200" value="50"' in page
    admin_client.post(url("budget"), {"segments_a_month": ""})
    assert not SmsBudget.objects.exists()


@pytest.mark.parametrize("wrong", ["0", "-5", "beaucoup", "9" * 30])
def test_a_budget_is_a_number(admin_client, url, wrong):
    answer = admin_client.post(url("budget"), {"segments_a_month": wrong})
    assert (answer.status_code, SmsBudget.objects.count()) == (422, 0)


def test_sms_are_stopped_with_how_many_wait_and_leave_again(admin_client, url, organisation, admin):
    MessageFactory(organisation=organisation, channel=Channel.SMS, status="created")
    admin_client.post(url("sending"), {"canal": "sms", "envoi": "non"})
    pause = ChannelPause.objects.get()
    assert (pause.channel, pause.paused_by) == ("sms", admin)
    page = text_of(admin_client.get(url()))
    assert "SMS : arrêtés" in page
    assert "1 message attend, aucun n'est perdu" in page
    assert "Mails : ils partent" in page
    answer = admin_client.post(url("sending"), {"canal": "sms", "envoi": "oui"}, follow=True)
    assert "1 message en attente part" in text_of(answer)
    assert not ChannelPause.objects.exists()


@pytest.mark.parametrize("channel", ["postal", "pigeon", "", "sms\u202e"])
def test_only_sms_and_mails_are_stopped(admin_client, url, channel):
    answer = admin_client.post(url("sending"), {"canal": channel, "envoi": "non"}, follow=True)
    assert "Choisissez les SMS ou les mails" in text_of(answer)
    assert not ChannelPause.objects.exists()


def test_the_providers_of_the_department_are_said(admin_client, url, department):
    assert "par les prestataires du service" in text_of(admin_client.get(url()))
    SendingConfiguration.objects.create(department=department, second_sms_provider="ovh_sms")
    assert "Vos SMS partent par Brevo (SMS), et par OVH (SMS) s'il ne répond plus" in text_of(
        admin_client.get(url())
    )


# The whole page


@pytest.mark.parametrize("garbage", ["", "x", "9" * 40, "-1", "\u202e", "é\n" * 900])
def test_garbage_in_every_field_is_survived(admin_client, url, garbage):
    pictures = [
        f"{place}_{part}" for place in ("signature", "logo_0", "logo_2") for part in ("key", "name", "file")
    ]
    others = ["sms_sender_name", "segments_a_month", "canal", "envoi", "signature_remove"]
    fields = dict.fromkeys([*TEXTS, *pictures, *others, "version"], garbage)
    for name in ("", "sender", "budget", "sending", "letterhead"):
        assert admin_client.post(url(name), fields).status_code < 500
    assert admin_client.post(url("restore", 1), fields).status_code == 404
    assert admin_client.get(url(), fields).status_code == 200


def test_the_page_costs_the_same_queries_whatever_the_messages_and_versions(
    admin_client, url, organisation, saved
):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url())
            admin_client.get(url("history"))
        return len(captured)

    saved(sender_city="Die")
    MessageFactory(organisation=organisation, channel=Channel.SMS, status="created")
    queries()
    few = queries()
    for number in range(1, 6):
        saved(number, sender_city=f"Ville {number}")
        MessageFactory(organisation=organisation, channel=Channel.EMAIL, status="created")
    assert queries() == few


def test_the_index_of_the_configuration_leads_to_the_messages_and_says_when_they_are_stopped(
    admin_client, url, organisation
):
    index = reverse("configuration", args=[organisation.slug])
    assert "Envois arrêtés" not in text_of(admin_client.get(index))
    admin_client.post(url("sending"), {"canal": "sms", "envoi": "non"})
    page = text_of(admin_client.get(index))
    assert url() in page
    assert "Envois arrêtés" in page
