"""The page of the folder in which files are dropped."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rdv_insertion.imports.enums import Origin, Stage
from rdv_insertion.imports.folders.mails import tell_refused
from rdv_insertion.imports.models import KEPT, ImportRow, ImportRun, WatchedFolder
from tests.factories import CategoryConfigurationFactory, MotifCategoryFactory


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture(autouse=True)
def root(tmp_path, settings):
    settings.IMPORT_FOLDERS = str(tmp_path / "depots")
    return settings.IMPORT_FOLDERS


@pytest.fixture
def url(organisation):
    return reverse("watched_folder", args=[organisation.slug])


def typed(configuration, **values):
    return {
        "is_active": "on",
        "motif_category": configuration.motif_category_id,
        "routing": "here",
        "creates_lookalikes": "non",
        "channels": ["sms", "email"],
        "report_to": "dsi@drome.test",
        **values,
    }


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'").replace("\xa0", " ")


def received(organisation, name="flux.xml", *, states=("created",), stage=Stage.DONE):
    now = timezone.now()
    run = ImportRun.objects.create(
        organisation=organisation, origin=Origin.FOLDER, stage=stage, file_name=name, fingerprint=name,
        created_at=now, written_at=now, kept_until=now + KEPT,
    )  # fmt: skip
    for number, state in enumerate(states, start=2):
        ImportRow.objects.create(run=run, number=number, state=state, sealed={})
    return run


def test_nothing_is_watched_until_an_administrator_says_so(admin_client, url, organisation):
    page = text_of(admin_client.get(url))
    assert not WatchedFolder.objects.exists()
    assert f'value="{organisation.email}"' in page
    assert "Aucun fichier reçu pour l'instant" in page


def test_the_page_gives_the_path_of_the_folder(admin_client, url, root):
    assert f"<code>{root}/cd-drome</code>" in text_of(admin_client.get(url))


def test_what_an_administrator_decides_is_kept(admin_client, url, configuration):
    answer = admin_client.post(
        url, typed(configuration, routing="address", creates_lookalikes="oui"), follow=True
    )
    assert "Le dossier est regardé chaque minute." in text_of(answer)
    folder = WatchedFolder.objects.get()
    assert (folder.organisation, folder.motif_category) == (
        configuration.organisation,
        configuration.motif_category,
    )
    assert (folder.is_active, folder.routing, folder.creates_lookalikes) == (True, "address", True)
    assert (folder.channels, folder.report_to) == (["sms", "email"], "dsi@drome.test")


def test_what_was_decided_is_shown_and_can_be_stopped(admin_client, url, configuration):
    admin_client.post(url, typed(configuration, creates_lookalikes="oui"))
    page = text_of(admin_client.get(url))
    checked = set(re.findall(r'value="(\w+)"[^>]*\bchecked\b', page))
    assert {"oui", "here", "sms", "email"} <= checked
    assert "postal" not in checked
    answer = admin_client.post(url, typed(configuration, is_active="", channels=[]), follow=True)
    assert "Le dossier n'est pas regardé" in text_of(answer)
    folder = WatchedFolder.objects.get()
    assert (folder.is_active, folder.creates_lookalikes, folder.channels) == (False, False, [])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"report_to": ""}, "obligatoire"),
        ({"report_to": "dsi"}, "adresse de courriel valide"),
        ({"motif_category": ""}, "Choisissez une catégorie pour inviter."),
        ({"motif_category": "999999"}, "Sélectionnez un choix valide"),
        ({"motif_category": "x"}, "Sélectionnez un choix valide"),
        ({"routing": "ailleurs"}, "Sélectionnez un choix valide"),
        ({"routing": ""}, "obligatoire"),
        ({"channels": ["pigeon"]}, "Ce canal n'existe pas."),
        ({"creates_lookalikes": "peut-être"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_mistake_is_said_in_french(admin_client, url, configuration, wrong, sentence):
    answer = admin_client.post(url, typed(configuration, **wrong))
    assert (answer.status_code, WatchedFolder.objects.count()) == (422, 0)
    assert sentence in text_of(answer)


def test_a_channel_that_the_category_does_not_use_is_refused(admin_client, url, configuration):
    configuration.channels = ["email"]
    configuration.save()
    answer = admin_client.post(url, typed(configuration))
    assert "Cette catégorie n'invite pas par SMS. Décochez ce canal." in text_of(answer)


def test_the_category_of_another_organisation_is_refused(admin_client, url, configuration):
    other = CategoryConfigurationFactory(motif_category=MotifCategoryFactory(accompagnement=True))
    answer = admin_client.post(url, typed(configuration, motif_category=other.motif_category_id))
    assert answer.status_code == 422


def test_a_service_without_folders_says_so_and_keeps_nothing(admin_client, url, configuration, settings):
    settings.IMPORT_FOLDERS = ""
    assert "n'a pas de dossier de dépôt" in text_of(admin_client.get(url))
    admin_client.post(url, typed(configuration))
    assert not WatchedFolder.objects.exists()


def test_the_last_files_are_shown_with_their_result(admin_client, url, organisation):
    received(organisation, states=["created", "created", "updated", "error"])
    received(organisation, "a-voir.csv", states=["duplicate"])
    page = text_of(admin_client.get(url))
    assert "2 personnes créées, 1 mise à jour, 1 ligne refusée" in page
    assert "1 doublon possible" in page
    assert "À compléter" in page


def test_the_files_of_others_and_of_the_page_are_not_shown(admin_client, url, organisation, stranger):
    ImportRun.objects.filter(pk=received(organisation, "page.csv").pk).update(origin=Origin.PAGE)
    received(stranger.roles.get().organisation, "isere.csv")
    page = text_of(admin_client.get(url))
    assert "page.csv" not in page
    assert "isere.csv" not in page


def test_files_that_were_refused_are_shown(admin_client, url, organisation):
    folder = WatchedFolder.objects.create(organisation=organisation, report_to="dsi@drome.test")
    now = timezone.now()
    tell_refused(folder=folder, name="<b>.pdf", reason="Non.", drop="20260101-000000-000000", now=now)
    assert "Fichier refusé : &lt;b&gt;.pdf" in text_of(admin_client.get(url))


def test_a_run_whose_rows_are_erased_keeps_its_figures(admin_client, url, organisation):
    run = received(organisation, states=[])
    ImportRun.objects.filter(pk=run.pk).update(erased_at=timezone.now(), counts={"created": 12})
    assert "12 personnes créées" in text_of(admin_client.get(url))


def test_the_configuration_leads_there_and_says_whether_it_is_on(admin_client, organisation, url):
    index = reverse("configuration", args=[organisation.slug])
    assert url in text_of(admin_client.get(index))
    assert "Activé" not in text_of(admin_client.get(index))
    WatchedFolder.objects.create(organisation=organisation, report_to="dsi@drome.test")
    assert "Activé" in text_of(admin_client.get(index))


def test_the_page_costs_the_same_queries_whatever_came(admin_client, url, organisation):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(url)
        return len(captured)

    received(organisation)
    queries()
    few = queries()
    for number in range(8):
        received(organisation, f"{number}.csv", states=["created", "error", "duplicate"])
    assert queries() == few
