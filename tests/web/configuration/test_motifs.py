"""The motifs of an organisation, as its administrators set them up."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.agenda.models import Motif
from tests.factories import (
    AgentRoleFactory,
    MotifCategoryFactory,
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
        "name": "Orientation RSA",
        "motif_category": "",
        "location_type": "public_office",
        "max_participants_count": "",
        "duration": "45",
        "pause": "5",
        "bookable_by": "everyone",
        "min_public_booking_delay": "3600",
        "max_public_booking_delay": "2592000",
        "sectorisation_level": "departement",
        "movable_until": "172800",
        "cancellable_until": "",
        "restriction": "",
        "instruction_before": "",
        "instruction": "",
        "color": "#00aa55",
        **values,
    }


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def test_a_motif_is_created_with_all_its_options(admin_client, url, organisation):
    admin_client.post(url("motif_new"), typed())
    motif = Motif.objects.get()
    assert (motif.organisation, motif.duration, motif.pause) == (
        organisation,
        timedelta(minutes=45),
        timedelta(minutes=5),
    )
    assert (motif.min_public_booking_delay, motif.max_public_booking_delay) == (
        timedelta(hours=1),
        timedelta(days=30),
    )
    assert (motif.movable_until, motif.cancellable_until) == (timedelta(days=2), None)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "obligatoire"),
        ({"duration": "4"}, "supérieure ou égale à 5"),
        ({"duration": "x"}, "Saisissez un nombre entier"),
        ({"pause": "-1"}, "supérieure ou égale à 0"),
        ({"min_public_booking_delay": "2592000"}, "Ce délai doit dépasser le précédent"),
        ({"min_public_booking_delay": "17"}, "Sélectionnez un choix valide"),
        ({"collective": "on", "location_type": "phone"}, "Un rendez-vous collectif a lieu sur place"),
        ({"max_participants_count": "8"}, "Seul un rendez-vous collectif a un nombre de places"),
        ({"convocation": "on"}, "Une convocation est prise par les agents : choisissez « Les agents »"),
        ({"color": "rouge"}, "La couleur s'écrit comme #1A2B3C"),
        ({"location_type": "lune"}, "Sélectionnez un choix valide"),
        ({"motif_category": "99999999999999999999"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_mistake_is_said_in_french_under_its_field(admin_client, url, wrong, sentence):
    answer = admin_client.post(url("motif_new"), typed(**wrong))
    assert (answer.status_code, Motif.objects.count()) == (422, 0)
    assert sentence in text_of(answer)


def test_two_motifs_of_an_organisation_do_not_have_the_same_name(admin_client, url, organisation):
    MotifFactory(organisation=organisation, name="Orientation RSA")
    answer = admin_client.post(url("motif_new"), typed())
    assert "Un motif de cette organisation porte déjà ce nom" in text_of(answer)


def test_a_motif_is_changed(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation)
    admin_client.post(url("motif_edit", motif.pk), typed(name="Nouveau nom"))
    motif.refresh_from_db()
    assert motif.name == "Nouveau nom"


def test_what_rdvs_rely_on_no_longer_changes(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation)
    RdvFactory(motif=motif)
    assert "des rendez-vous sont déjà pris" in text_of(admin_client.get(url("motif_edit", motif.pk)))
    admin_client.post(url("motif_edit", motif.pk), typed(location_type="phone"))
    motif.refresh_from_db()
    assert (motif.location_type, motif.name) == ("public_office", "Orientation RSA")


def test_a_delay_that_is_not_of_the_list_is_kept(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation, min_public_booking_delay=timedelta(days=5))
    page = text_of(admin_client.get(url("motif_edit", motif.pk)))
    assert '<option value="432000" selected>5 jours</option>' in page


def test_motifs_are_listed_by_category_in_use_or_deleted(admin_client, url, organisation):
    MotifFactory(organisation=organisation, name="Vivant")
    MotifFactory(organisation=organisation, name="Sans rien", motif_category=None)
    MotifFactory(organisation=organisation, name="Disparu", deleted_at=timezone.now())
    used, deleted = (text_of(admin_client.get(url("motifs"), {"onglet": tab})) for tab in ("", "supprimes"))
    assert ("Vivant" in used, "Sans catégorie" in used, "Disparu" in used) == (True, True, False)
    assert ("Vivant" in deleted, "Disparu" in deleted) == (False, True)


def test_a_list_costs_the_same_queries_whatever_its_length(admin_client, url, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url("motifs"))
        return len(captured)

    PlageOuvertureFactory(motif=MotifFactory(organisation=organisation))
    queries()
    few = queries()
    for _ in range(5):
        PlageOuvertureFactory(motif=MotifFactory(organisation=organisation))
    assert queries() == few


def test_deleting_a_motif_with_rdvs_puts_it_out_of_use_and_can_be_undone(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation)
    RdvFactory(motif=motif)
    PlageOuvertureFactory(motif=motif)
    page = text_of(admin_client.get(url("motif_delete", motif.pk)))
    assert "1 plage d'ouverture à venir" in page.replace("\xa0", " ")
    assert "1 rendez-vous garde ce motif, dont 1 à venir" in page.replace("\xa0", " ")
    answer = admin_client.post(url("motif_delete", motif.pk), follow=True)
    motif.refresh_from_db()
    assert motif.deleted_at is not None
    assert url("motif_restore", motif.pk) in text_of(answer)
    admin_client.post(url("motif_restore", motif.pk))
    motif.refresh_from_db()
    assert motif.deleted_at is None


def test_deleting_a_motif_that_never_served_removes_it(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation)
    admin_client.post(url("motif_delete", motif.pk))
    assert not Motif.objects.exists()


def test_a_deleted_motif_whose_name_was_taken_does_not_come_back(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation, name="Pris", deleted_at=timezone.now())
    MotifFactory(organisation=organisation, name="Pris")
    answer = admin_client.post(url("motif_restore", motif.pk), follow=True)
    assert "porte déjà ce nom" in text_of(answer)


def test_a_motif_is_duplicated_to_an_organisation_that_one_administers(
    admin_client, url, organisation, admin
):
    elsewhere = OrganisationFactory(department=organisation.department)
    AgentRoleFactory(agent=admin, organisation=elsewhere, access_level="admin")
    motif = MotifFactory(organisation=organisation, instruction="Venez à l'heure")
    admin_client.post(url("motif_duplicate", motif.pk), {"organisation": elsewhere.pk, "name": "Copie"})
    copy = elsewhere.motifs.get()
    assert (copy.name, copy.instruction) == ("Copie", "Venez à l'heure")
    assert organisation.motifs.get() == motif


def test_a_motif_is_not_duplicated_where_one_is_a_mere_agent(admin_client, url, organisation, admin):
    elsewhere = OrganisationFactory(department=organisation.department)
    AgentRoleFactory(agent=admin, organisation=elsewhere)
    motif = MotifFactory(organisation=organisation)
    answer = admin_client.post(
        url("motif_duplicate", motif.pk), {"organisation": elsewhere.pk, "name": "Copie"}
    )
    assert (answer.status_code, elsewhere.motifs.count()) == (422, 0)


def test_what_the_person_will_read_is_shown_while_typing(admin_client, url):
    category = MotifCategoryFactory()
    sent = typed(
        motif_category=category.pk, instruction="Apportez votre titre de séjour", location_type="phone"
    )
    page = text_of(admin_client.post(url("motif_preview"), sent))
    assert "Rendez-vous d'orientation téléphonique" in page
    assert "Apportez votre titre de séjour" in page
    assert "jusqu'à 2 jours avant" in page
    assert not Motif.objects.exists()


def test_the_words_for_a_motif_with_rdvs_know_its_place(admin_client, url, organisation):
    motif = MotifFactory(organisation=organisation, by_phone=True)
    RdvFactory(motif=motif)
    sent = {name: value for name, value in typed(motif=motif.pk).items() if name != "location_type"}
    assert "par téléphone" in text_of(admin_client.post(url("motif_preview"), sent))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"motif": "99999999999999999999"},
        {"location_type": "☃", "duration": "x", "motif_category": "y"},
    ],
)
def test_a_preview_survives_anything(admin_client, url, sent):
    assert admin_client.post(url("motif_preview"), sent).status_code == 200


def test_a_motif_of_another_organisation_is_not_found(admin_client, url):
    assert admin_client.get(url("motif_edit", MotifFactory().pk)).status_code == 404


def test_the_configuration_leads_to_its_parts_and_is_in_the_menu(admin_client, url):
    page = text_of(admin_client.get(url("configuration")))
    assert all(url(name) in page for name in ("motifs", "lieux"))
    assert f'href="{url("configuration")}" aria-current="page"' in page


def test_the_menu_of_a_mere_agent_has_no_configuration(agent_client, url):
    assert url("configuration") not in text_of(agent_client.get(reverse("plages")))
