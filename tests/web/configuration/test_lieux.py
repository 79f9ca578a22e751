"""The lieux of an organisation, as its administrators set them up."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rdv_insertion.agenda.models import Lieu
from rdv_insertion.agenda.services import lieux as services
from tests.factories import (
    AgentFactory,
    DepartmentFactory,
    LieuFactory,
    MotifFactory,
    OrganisationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def url(organisation):
    return lambda name, *ids: reverse(name, args=[organisation.slug, *ids])


def typed(**values):
    return {
        "name": "Maison de Die",
        "address": "2 rue du Viaduc, 26150 Die",
        "phone_number": "04 75 22 00 00",
        "access": "Bus 5",
        "time_zone_name": "Europe/Paris",
        **values,
    }


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def test_a_lieu_is_added(admin_client, url, organisation):
    admin_client.post(url("lieu_new"), typed())
    lieu = Lieu.objects.get()
    assert (lieu.organisation, lieu.phone_number, lieu.availability) == (
        organisation,
        "+33475220000",
        "enabled",
    )


def test_a_short_number_is_kept(admin_client, url):
    admin_client.post(url("lieu_new"), typed(phone_number="39 49"))
    assert Lieu.objects.get().phone_number == "3949"


def test_a_new_lieu_is_on_the_clocks_of_its_department(client):
    reunion = OrganisationFactory(department=DepartmentFactory(reunion=True))
    client.force_login(AgentFactory(organisation=reunion, admin=True))
    page = text_of(client.get(reverse("lieu_new", args=[reunion.slug])))
    assert '<option value="Indian/Reunion" selected>' in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "obligatoire"),
        ({"address": ""}, "obligatoire"),
        ({"phone_number": "12"}, "Ce numéro de téléphone n'existe pas"),
        ({"time_zone_name": "Mars/Olympe"}, "Sélectionnez un choix valide"),
        ({"name": "x" * 151}, "151"),
    ],
)
def test_a_mistake_is_said_in_french(admin_client, url, wrong, sentence):
    answer = admin_client.post(url("lieu_new"), typed(**wrong))
    assert (answer.status_code, Lieu.objects.count()) == (422, 0)
    assert sentence.lower() in text_of(answer).lower()


def test_two_lieux_of_an_organisation_do_not_have_the_same_name(admin_client, url, organisation):
    LieuFactory(organisation=organisation, name="Maison de Die")
    assert "porte déjà ce nom" in text_of(admin_client.post(url("lieu_new"), typed()))


def test_a_lieu_is_closed_with_what_it_touches_then_reopened(admin_client, url, organisation):
    lieu = LieuFactory(organisation=organisation)
    PlageOuvertureFactory(motif=MotifFactory(organisation=organisation), lieu=lieu)
    answer = admin_client.post(url("lieu_open", lieu.pk), {"ouvert": "non"}, follow=True)
    assert "1 plage n'y propose plus de créneau" in text_of(answer).replace("\xa0", " ")
    assert Lieu.objects.get().availability == "disabled"
    admin_client.post(url("lieu_open", lieu.pk), {"ouvert": "oui"})
    assert Lieu.objects.get().availability == "enabled"


def test_a_lieu_in_use_is_not_deleted_and_says_why(admin_client, url, organisation):
    lieu = LieuFactory(organisation=organisation)
    motif = MotifFactory(organisation=organisation)
    PlageOuvertureFactory(motif=motif, lieu=lieu)
    RdvFactory(motif=motif, lieu=lieu)
    page = text_of(admin_client.get(url("lieu_delete", lieu.pk))).replace("\xa0", " ")
    assert "1 plage d'ouverture et 1 rendez-vous s'y tiennent" in page
    answer = admin_client.post(url("lieu_delete", lieu.pk), follow=True)
    assert "ne peut pas être supprimé" in text_of(answer)
    assert Lieu.objects.filter(pk=lieu.pk).exists()


def test_a_lieu_that_nothing_uses_is_deleted(admin_client, url, organisation):
    lieu = LieuFactory(organisation=organisation)
    admin_client.post(url("lieu_delete", lieu.pk))
    assert not Lieu.objects.exists()


def test_a_lieu_of_a_single_rdv_is_neither_listed_nor_changed(admin_client, url, organisation):
    lieu = LieuFactory(organisation=organisation, name="Chez la voisine", availability="single_use")
    assert "Chez la voisine" not in text_of(admin_client.get(url("lieux")))
    assert admin_client.get(url("lieu_edit", lieu.pk)).status_code == 404


@pytest.mark.parametrize(("before", "after"), [("single_use", "enabled"), ("enabled", "single_use")])
def test_no_lieu_becomes_or_stops_being_that_of_a_single_rdv(organisation, before, after):
    lieu = LieuFactory(organisation=organisation, availability=before)
    lieu.availability = after
    with pytest.raises(ValidationError, match="ne sert qu'à un rendez-vous"):
        services.save_lieu(lieu=lieu)


def test_a_lieu_of_another_organisation_is_not_found(admin_client, url):
    assert admin_client.get(url("lieu_edit", LieuFactory().pk)).status_code == 404


def test_the_empty_list_gives_the_first_action(admin_client, url):
    assert "Aucun lieu" in text_of(admin_client.get(url("lieux")))


def test_a_list_costs_the_same_queries_whatever_its_length(admin_client, url, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url("lieux"))
        return len(captured)

    LieuFactory(organisation=organisation)
    queries()
    few = queries()
    for _ in range(5):
        LieuFactory(organisation=organisation)
    assert queries() == few
