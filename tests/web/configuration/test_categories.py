"""The categories that an organisation runs, as its administrators set them up."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rdv_insertion.imports.models import WatchedFolder
from rdv_insertion.invitations.models import CategoryConfiguration
from tests.factories import (
    CategoryConfigurationFactory,
    FollowUpFactory,
    InvitationFactory,
    MotifCategoryFactory,
    OrganisationFactory,
)


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def url(organisation):
    return lambda name, *ids: reverse(f"configuration_{name}", args=[organisation.slug, *ids])


def typed(**values):
    return {
        "channels": ["sms", "email", "postal"],
        "number_of_days_before_invitations_expire": "10",
        "letter_after_days": "",
        "reminders": "on",
        "phone_number": "",
        "alert_email": "",
        **values,
    }


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"')


def test_a_national_category_is_added_once_and_comes_last(admin_client, url, organisation, configuration):
    other = MotifCategoryFactory(accompagnement=True)
    answer = admin_client.post(url("category_new"), typed(motif_category=other.pk))
    added = CategoryConfiguration.objects.get(motif_category=other)
    assert answer.url == url("category_words", added.pk)
    assert list(organisation.category_configurations.all()) == [configuration, added]
    again = admin_client.post(url("category_new"), typed(motif_category=other.pk))
    assert (again.status_code, CategoryConfiguration.objects.count()) == (422, 2)
    assert "Toutes les catégories nationales sont déjà dans votre liste" in text_of(again)


def test_all_its_settings_are_kept(admin_client, url, configuration):
    admin_client.post(
        url("category", configuration.pk),
        typed(
            channels=["sms", "postal"],
            number_of_days_before_invitations_expire="15",
            letter_after_days="12",
            with_referents="on",
            phone_number="04 75 79 26 26",
            alert_email="creneaux@drome.test",
        )
        | {"reminders": ""},
    )
    configuration.refresh_from_db()
    assert configuration.channels == ["sms", "postal"]
    assert configuration.number_of_days_before_invitations_expire == 15
    assert (configuration.letter_after_days, configuration.reminders) == (12, False)
    assert (configuration.with_referents, configuration.phone_number) == (True, "+33475792626")
    assert configuration.alert_email == "creneaux@drome.test"


def test_a_blank_validity_is_without_limit(admin_client, url, configuration):
    admin_client.post(url("category", configuration.pk), typed(number_of_days_before_invitations_expire=""))
    configuration.refresh_from_db()
    assert configuration.number_of_days_before_invitations_expire is None
    assert "sans limite" in text_of(admin_client.get(url("categories")))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"channels": []}, "Cochez au moins un canal."),
        ({"channels": ["pigeon"]}, "Ce canal n'existe pas."),
        ({"number_of_days_before_invitations_expire": "3"}, "supérieure ou égale à 4"),
        ({"number_of_days_before_invitations_expire": "366"}, "inférieure ou égale à 365"),
        ({"number_of_days_before_invitations_expire": "dix"}, "Saisissez un nombre entier"),
        ({"number_of_days_before_invitations_expire": "5"}, "une lettre met plusieurs jours à arriver"),
        ({"letter_after_days": "0"}, "supérieure ou égale à 1"),
        ({"letter_after_days": "9", "channels": ["sms"]}, "Cochez le canal « Courrier »"),
        ({"phone_number": "12"}, "Ce numéro de téléphone n'existe pas."),
        ({"alert_email": "creneaux"}, "Saisissez une adresse de courriel valide"),
    ],
)
def test_a_mistake_is_said_in_french_and_nothing_changes(admin_client, url, configuration, wrong, sentence):
    before = CategoryConfiguration.objects.values().get()
    answer = admin_client.post(url("category", configuration.pk), typed(**wrong))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert CategoryConfiguration.objects.values().get() == before


def test_five_days_are_enough_without_letters(admin_client, url, configuration):
    answer = admin_client.post(
        url("category", configuration.pk),
        typed(channels=["sms"], number_of_days_before_invitations_expire="5"),
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("garbage", ["", "x", "9" * 40, "-1", "\ud800", "é" * 5000])
def test_garbage_in_every_field_is_survived(admin_client, url, configuration, garbage):
    fields = dict.fromkeys([*typed(), "motif_category", "sens", "version"], garbage)
    for page in (url("category", configuration.pk), url("category_new")):
        try:
            answer = admin_client.post(page, fields)
        except UnicodeEncodeError:  # no browser can send it
            continue
        assert answer.status_code < 500


def test_the_category_itself_does_not_change(admin_client, url, configuration):
    other = MotifCategoryFactory(accompagnement=True)
    admin_client.post(url("category", configuration.pk), typed(motif_category=other.pk))
    configuration.refresh_from_db()
    assert configuration.motif_category.short_name == "rsa_orientation"


def test_categories_change_places(admin_client, url, organisation, configuration):
    second = CategoryConfigurationFactory(
        organisation=organisation, motif_category=MotifCategoryFactory(accompagnement=True)
    )
    admin_client.post(url("category_move", second.pk), {"sens": "haut"})
    assert list(organisation.category_configurations.all()) == [second, configuration]
    admin_client.post(url("category_move", second.pk), {"sens": "haut"})
    assert list(organisation.category_configurations.all()) == [second, configuration]
    admin_client.post(url("category_move", second.pk), {"sens": "bas"})
    assert list(organisation.category_configurations.all()) == [configuration, second]
    admin_client.post(url("category_move", second.pk), {"sens": "ailleurs"})
    assert list(organisation.category_configurations.all()) == [configuration, second]


def test_an_unused_category_is_deleted(admin_client, url, configuration):
    assert "Supprimer « RSA orientation » ?" in text_of(
        admin_client.get(url("category_delete", configuration.pk))
    )
    admin_client.post(url("category_delete", configuration.pk))
    assert not CategoryConfiguration.objects.exists()


def test_a_category_where_people_are_followed_stays(admin_client, url, organisation, configuration):
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    InvitationFactory(follow_up=follow_up, organisation=organisation)
    page = text_of(admin_client.get(url("category_delete", configuration.pk)))
    assert "1 personne y est suivie" in page
    assert "1 invitation est partie" in page
    answer = admin_client.post(url("category_delete", configuration.pk), follow=True)
    assert "La catégorie sert" in text_of(answer)
    assert CategoryConfiguration.objects.exists()


def test_a_category_of_the_watched_folder_stays(admin_client, url, organisation, configuration):
    WatchedFolder.objects.create(
        organisation=organisation, motif_category=configuration.motif_category, report_to="dsi@drome.test"
    )
    admin_client.post(url("category_delete", configuration.pk))
    assert CategoryConfiguration.objects.exists()


def test_people_of_another_organisation_do_not_hold_a_category(admin_client, url, configuration):
    elsewhere = OrganisationFactory(department=configuration.organisation.department)
    FollowUpFactory(organisation=elsewhere, motif_category=configuration.motif_category)
    admin_client.post(url("category_delete", configuration.pk))
    assert not CategoryConfiguration.objects.exists()


@pytest.mark.parametrize("name", ["category", "category_words", "category_history", "category_delete"])
def test_the_category_of_another_organisation_is_not_found(admin_client, url, name):
    foreign = CategoryConfigurationFactory(organisation=OrganisationFactory(slug="ailleurs"))
    assert admin_client.get(url(name, foreign.pk)).status_code == 404
    assert admin_client.get(url(name, 10**18)).status_code == 404


def test_an_empty_list_gives_the_first_action(admin_client, url, category):
    page = text_of(admin_client.get(url("categories")))
    assert "Les catégories de votre organisation apparaîtront ici" in page
    assert url("category_new") in page


def test_a_list_costs_the_same_queries_whatever_its_length(admin_client, url, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url("categories"))
        return len(captured)

    CategoryConfigurationFactory(organisation=organisation)
    queries()
    few = queries()
    for number in range(5):
        category = MotifCategoryFactory(short_name=f"autre_{number}", name=f"Autre {number}")
        CategoryConfigurationFactory(organisation=organisation, motif_category=category)
    assert queries() == few


def test_the_index_of_the_configuration_leads_to_the_categories(
    admin_client, organisation, configuration, url
):
    page = text_of(admin_client.get(reverse("configuration", args=[organisation.slug])))
    assert url("categories") in page
    assert "1 catégorie" in page
