"""Letters printed as they were written, one or a run of them."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from rdv_insertion.invitations.letters import letters_of_messages
from rdv_insertion.invitations.letters import letters_pdf as letters_of_invitations
from rdv_insertion.messaging.channels.letter.frame import Translation, frame_for
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.identity import identity_of
from rdv_insertion.messaging.models import Message, MessagesConfiguration, Picture
from rdv_insertion.messaging.printing import letters_pdf
from rdv_insertion.messaging.services import mark_printed
from rdv_insertion.territory.models import Organisation
from tests.factories import InvitationFactory, MessageFactory, UsagerFactory
from tests.messaging.pictures import png

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
ADDRESS = "12 rue de l'Église 26150 Die"


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages)


def a_letter(organisation: Organisation, *, frame: bool = True, **options: Any) -> Message:
    """A letter of this organisation, written now; `frame=False` as they were before."""
    usager = options.pop("usager", None) or UsagerFactory(organisation=organisation, address=ADDRESS)
    kept = frame_for(
        usager, organisation, identity_of(organisation), help_phone="+33475000000", moment=NOW, **options
    )
    return MessageFactory(
        organisation=organisation,
        usager=usager,
        channel="postal",
        subject="choisissez une date",
        text="Bonjour.\n\nVenez.",
        letter=kept.to_json() if frame else None,
        created_at=NOW,
    )


def test_a_letter_is_printed_as_it_was_whatever_changed_since(organisation: Organisation) -> None:
    message = a_letter(organisation)
    before = text_of(letters_pdf([message]))
    organisation.name = "Autre nom"
    organisation.save()
    usager = message.usager
    assert usager is not None
    usager.last_name, usager.address = "AUTRE", "1 rue Haute 26000 Valence"
    usager.save()
    MessagesConfiguration.objects.create(
        organisation=organisation, version=1, letter_sender_name="Autre expéditeur", created_at=NOW
    )
    assert text_of(letters_pdf([Message.objects.get(pk=message.pk)])) == before
    assert "26150 Die" in before


def test_the_frame_says_who_writes_from_where_and_when(organisation: Organisation) -> None:
    MessagesConfiguration.objects.create(
        organisation=organisation,
        version=1,
        letter_sender_name="Département de la Drôme",
        sender_city="Die",
        direction_names=["Direction des solidarités", "Service insertion"],
        signature_lines=["La présidente", "Anne VIVIER"],
        help_address="3 rue Basse, 26150 Die",
        created_at=NOW,
    )
    usager = UsagerFactory(organisation=organisation, address=ADDRESS, affiliation_number="1234567")
    text = text_of(letters_pdf([a_letter(organisation, usager=usager, referents=["Karim Benali"])]))
    for words in (
        "Département de la Drôme Direction des solidarités Service insertion Tél. : 04 75 00 00 00",
        "Die, le mardi 3 mars 2026",
        "Votre numéro CAF ou MSA : 1234567",
        "Votre référent : Karim Benali",
        "La présidente Anne VIVIER",
        "Pour être aidé sur place : 3 rue Basse, 26150 Die",
    ):
        assert words in text


def test_logos_and_signature_are_drawn_and_described(organisation: Organisation) -> None:
    for digest, width in (("a" * 64, 30), ("b" * 64, 40)):
        Picture.objects.create(digest=digest, media_type="image/png", content=png(width, 12))
    MessagesConfiguration.objects.create(
        organisation=organisation,
        version=1,
        signature_lines=["Anne VIVIER"],
        logos=[{"digest": "a" * 64, "name": "Logo du Département"}],
        signature_picture_id="b" * 64,
        created_at=NOW,
    )
    reader = PdfReader(BytesIO(letters_pdf([a_letter(organisation)])))
    assert len(reader.pages[0].images) == 2
    found = [reader.get_object(number) for number in range(1, int(reader.trailer["/Size"]))]
    described = [str(one["/Alt"]) for one in found if isinstance(one, dict) and "/Alt" in one]
    assert sorted(described) == ["Logo du Département", "Signature : Anne VIVIER"]


def test_a_picture_that_is_gone_leaves_a_letter_without_it(organisation: Organisation) -> None:
    message = a_letter(organisation)
    assert message.letter is not None
    message.letter["logos"] = [{"digest": "c" * 64, "name": "Logo"}]
    assert letters_pdf([message]).startswith(b"%PDF-")


def test_the_translation_follows_on_a_page_of_its_own(organisation: Organisation) -> None:
    translation = Translation(language="uk", subject="Оберіть дату", paragraphs=("Добрий день!",))
    reader = PdfReader(BytesIO(letters_pdf([a_letter(organisation, translation=translation)])))
    assert len(reader.pages) == 2
    assert "Venez" in reader.pages[0].extract_text()
    assert "Оберіть дату" in reader.pages[1].extract_text()
    assert "ukrainien" in reader.pages[1].extract_text()


def test_a_run_costs_the_same_queries_whatever_its_length(
    organisation: Organisation, django_assert_num_queries: Any
) -> None:
    Picture.objects.create(digest="a" * 64, media_type="image/png", content=png(3, 3))
    MessagesConfiguration.objects.create(
        organisation=organisation, version=1, logos=[{"digest": "a" * 64, "name": "Logo"}], created_at=NOW
    )
    messages = [a_letter(organisation) for _ in range(20)]
    for several in (messages[:2], messages):
        with django_assert_num_queries(1):
            assert len(PdfReader(BytesIO(letters_pdf(several))).pages) == len(several)


def test_a_letter_of_before_is_printed_in_the_frame_of_today(organisation: Organisation) -> None:
    text = text_of(letters_pdf([a_letter(organisation, frame=False)]))
    assert "26150 Die" in text
    assert organisation.name in text


def test_an_invitation_of_before_keeps_its_code_in_both_ways_to_print_it(organisation: Organisation) -> None:
    invitation = InvitationFactory(
        organisation=organisation, channel="postal", follow_up__usager__address=ADDRESS
    )
    assert invitation.message.letter is None
    for pdf in (letters_of_invitations([invitation]), letters_of_messages([invitation.message])):
        # Kerning parts some letters of the code for who reads the PDF as text.
        assert invitation.code in text_of(pdf).replace(" ", "")


def test_a_printed_letter_is_settled_and_keeps_its_first_date(organisation: Organisation) -> None:
    message, other = a_letter(organisation), MessageFactory(organisation=organisation)
    assert mark_printed(message_ids=[message.pk, other.pk], now=NOW) == 1
    assert mark_printed(message_ids=[message.pk], now=NOW + timedelta(days=1)) == 0
    message.refresh_from_db()
    assert (message.status, message.settled_at) == (MessageStatus.PRINTED, NOW)
    other.refresh_from_db()
    assert other.status == MessageStatus.SENT
