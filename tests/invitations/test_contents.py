from datetime import timedelta
from typing import Any

import pytest

from rdv_insertion.agenda.enums import BookableBy, LocationType
from rdv_insertion.followups.models import Wording
from rdv_insertion.invitations.contents import Contents
from rdv_insertion.invitations.models import CategoryConfiguration, Invitation
from rdv_insertion.messaging.enums import Channel, TemplateModel
from tests.factories import InvitationFactory, MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(configuration: CategoryConfiguration) -> Invitation:
    """An SMS invitation of the category, sent just now and valid 10 days."""
    return InvitationFactory(
        organisation=configuration.organisation, follow_up__motif_category=configuration.motif_category
    )


def content_of(invitation: Invitation, configuration: CategoryConfiguration, **given: Any) -> Any:
    return Contents(configuration).of(invitation, now=invitation.created_at, **given)


@pytest.mark.parametrize("channel", Channel.values)
def test_every_channel_has_its_text(
    invitation: Invitation, configuration: CategoryConfiguration, channel: str
) -> None:
    invitation.channel = channel
    assert content_of(invitation, configuration).render(channel, "fr").text


def test_the_days_left_are_the_real_ones(
    invitation: Invitation, configuration: CategoryConfiguration
) -> None:
    later = invitation.created_at + timedelta(days=3)
    content = Contents(configuration).of(invitation, now=later, reminder=True)
    assert "Il reste 7 jours." in content.render(Channel.SMS, "fr").text


def test_an_invitation_that_never_expires_speaks_of_no_limit(configuration: CategoryConfiguration) -> None:
    forever = InvitationFactory(
        organisation=configuration.organisation,
        follow_up__motif_category=configuration.motif_category,
        never_expires=True,
    )
    content = content_of(forever, configuration)
    assert (content.days_left, content.last_day) == (None, None)


def test_the_last_words_of_the_organisation_are_said(
    invitation: Invitation, configuration: CategoryConfiguration
) -> None:
    for version, title in enumerate(["premier accueil", "rendez-vous de bienvenue"], start=1):
        Wording.objects.create(
            organisation=configuration.organisation,
            motif_category=configuration.motif_category,
            version=version,
            rdv_title=title,
            created_at=invitation.created_at,
        )
    assert "votre rendez-vous de bienvenue" in content_of(invitation, configuration).render("sms", "fr").text


@pytest.mark.parametrize(
    ("location_types", "by_phone"),
    [
        ([LocationType.PHONE], True),
        ([LocationType.PHONE, LocationType.PUBLIC_OFFICE], False),
        ([], False),
    ],
)
def test_by_phone_is_said_when_all_they_may_choose_is_by_phone(
    invitation: Invitation,
    configuration: CategoryConfiguration,
    location_types: list[str],
    by_phone: bool,
) -> None:
    for location_type in location_types:
        MotifFactory(
            organisation=configuration.organisation,
            motif_category=configuration.motif_category,
            location_type=location_type,
            bookable_by=BookableBy.INVITED,
        )
    assert content_of(invitation, configuration).by_phone is by_phone


def test_referents_are_named_to_the_people_they_receive(
    invitation: Invitation, configuration: CategoryConfiguration
) -> None:
    names = {invitation.follow_up.usager_id: ["Aïcha N'Diaye"]}
    content = Contents(configuration, referents=names).of(invitation, now=invitation.created_at)
    assert content.referents == ("Aïcha N'Diaye",)


@pytest.mark.parametrize(
    ("model", "with_code"), [(TemplateModel.STANDARD, True), (TemplateModel.PHONE_PLATFORM, False)]
)
def test_a_letter_gives_the_code_unless_one_only_calls(
    invitation: Invitation, configuration: CategoryConfiguration, model: str, with_code: bool
) -> None:
    configuration.motif_category.template_model = model
    invitation.channel = Channel.LETTER
    frame = content_of(invitation, configuration).render(Channel.LETTER, "fr").letter
    assert (bool(frame["link"]), bool(frame["code"]), bool(frame["typing_page"])) == (with_code,) * 3


def test_a_thousand_invitations_are_written_with_the_queries_of_one(
    invitation: Invitation, configuration: CategoryConfiguration, django_assert_num_queries: Any
) -> None:
    invitation.channel = Channel.LETTER
    with django_assert_num_queries(3):
        contents = Contents(configuration)
        for _ in range(1_000):
            contents.of(invitation, now=invitation.created_at)
