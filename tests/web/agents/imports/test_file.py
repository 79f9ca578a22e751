"""The first step: what is given, and what is said of a file that cannot be used."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.test import Client
from django.urls import reverse

from rdv_insertion.agenda.services import sectors
from rdv_insertion.imports.enums import Routing, Stage
from rdv_insertion.imports.models import ColumnMapping, ImportFile, ImportRun
from rdv_insertion.imports.read import SNIFFED_BYTES
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.imports.forms import NewImportForm
from tests.factories import (
    AgentFactory,
    AgentRoleFactory,
    CategoryConfigurationFactory,
    DepartmentFactory,
    MotifCategoryFactory,
    OrganisationFactory,
)
from tests.imports import files
from tests.web.agents.imports.conftest import page, upload

MEGABYTE = 1024 * 1024


def test_the_page_offers_the_categories_of_the_organisation_and_none(
    agent_client: Client, configuration, department
):
    elsewhere = OrganisationFactory(department=department)
    CategoryConfigurationFactory(
        organisation=elsewhere, motif_category=MotifCategoryFactory(accompagnement=True)
    )
    content = agent_client.get(reverse("import_new")).content.decode()
    assert "RSA orientation" in content
    assert "Aucune : enregistrer les personnes sans les inviter" in content
    assert "RSA suivi" not in content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Ce fichier est vide."),
        (b"%PDF-1.7", "Ce fichier est un document PDF, quel que soit son nom."),
        (files.OLE + "EncryptedPackage".encode("utf-16-le"), "protégé par un mot de passe"),
        (files.drome()[:2_000], "abîmé ou incomplet"),
        (b"Une colonne\nA\n", "pas d&#x27;en-tête utilisable"),
        (b'Nom;Mail\nA;"b', "à la ligne 2 : un guillemet"),
    ],
)
def test_an_unusable_file_is_explained_and_leaves_nothing(
    agent_client: Client, configuration, content: bytes, sentence: str
):
    response = agent_client.post(
        reverse("import_new"), {"file": upload(content), "category": configuration.pk}
    )
    assert response.status_code == 200
    assert "Rien n'a été enregistré" in response.content.decode()
    assert sentence in response.content.decode()
    for model in (ImportRun, ImportFile, ColumnMapping, Usager):
        assert model.objects.count() == 0


class _Unread(BytesIO):
    """A file whose content nobody may ask for."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("the file was read before its size was looked at")


def test_a_file_of_160_megabytes_is_refused_before_it_is_read(configuration):
    size = 160 * MEGABYTE
    given = {"file": InMemoryUploadedFile(_Unread(), "file", "enorme.xlsx", "x", size, None)}
    form = NewImportForm({"category": configuration.pk}, given, organisation=configuration.organisation)
    assert form.errors == {
        "file": ["Ce fichier pèse 160 Mo. La limite est de 20 Mo : découpez-le en plusieurs."]
    }


class _Beginning(BytesIO):
    """A file of which no more than the beginning may be asked for."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 <= size <= SNIFFED_BYTES
        return super().read(size)


def form_given(configuration, content: bytes, size: int) -> NewImportForm:
    given = {"file": InMemoryUploadedFile(_Beginning(content), "file", "gros.xml", "x", size, None)}
    return NewImportForm({"category": configuration.pk}, given, organisation=configuration.organisation)


def test_of_a_file_over_20_megabytes_only_the_beginning_is_read_to_know_whether_it_is_a_flow(configuration):
    form = form_given(configuration, b"Nom;Prenom", 60 * MEGABYTE)
    assert form.errors == {
        "file": ["Ce fichier pèse 60 Mo. La limite est de 20 Mo : découpez-le en plusieurs."]
    }


def test_a_flow_may_be_larger_than_a_list(configuration):
    assert form_given(configuration, files.flow(), 60 * MEGABYTE).errors == {}


def test_a_flow_over_100_megabytes_is_for_the_folder(configuration):
    form = form_given(configuration, files.flow(), 160 * MEGABYTE)
    assert "160 Mo" in str(form.errors["file"])


def test_a_file_that_is_too_big_is_told_on_the_page(agent_client: Client, configuration):
    data = {"file": upload(bytes(60 * 1024 * 1024)), "category": configuration.pk}
    assert "Ce fichier pèse 60 Mo." in agent_client.post(reverse("import_new"), data).content.decode()
    assert ImportRun.objects.count() == 0


def test_what_is_wrong_in_the_contact_file_is_said_beside_it(agent_client: Client, configuration):
    data = {
        "file": upload(files.drome()),
        "contacts": upload(b"Nom;Mail\nA;a@b.fr\n"),
        "category": configuration.pk,
    }
    content = agent_client.post(reverse("import_new"), data).content.decode()
    assert (
        '<a href="#id_contacts">Fichier de contacts : Ce n&#x27;est pas un fichier de contacts de la CNAF'
        in content
    )
    assert ImportRun.objects.count() == 0


def test_no_file_at_all_is_said(agent_client: Client, configuration):
    content = agent_client.post(reverse("import_new"), {"category": configuration.pk}).content.decode()
    assert "Choisissez le fichier à importer." in content


def test_the_category_of_another_organisation_is_refused(agent_client: Client, configuration, department):
    elsewhere = CategoryConfigurationFactory(organisation=OrganisationFactory(department=department))
    data = {"file": upload(files.drome()), "category": elsewhere.pk}
    content = agent_client.post(reverse("import_new"), data).content.decode()
    assert "Cette catégorie n&#x27;est pas celle de votre organisation." in content
    assert ImportRun.objects.count() == 0


def test_the_page_says_what_it_takes_and_the_browser_offers_it(agent_client: Client, configuration):
    content = agent_client.get(reverse("import_new")).content.decode()
    assert 'accept=".xlsx,.xls,.ods,.csv,.txt,.xml"' in content
    assert "20 Mo et 50\u00a0000 lignes au plus" in content
    assert "Flux des bénéficiaires de la CNAF (.xml) : 100 Mo au plus" in content


def test_a_flow_goes_straight_to_the_verification(agent_client: Client, configuration):
    data = {"file": upload(files.flow(), "flux.xml"), "category": configuration.pk}
    response = agent_client.post(reverse("import_new"), data)
    run = ImportRun.objects.get()
    assert response.headers["Location"] == page(run)
    assert (run.stage, run.flow) == (Stage.PREVIEW, "Flux mensuel du 5 mars 2026")


def test_a_flow_already_given_is_told_on_the_page_where_it_leads(agent_client: Client, configuration):
    for _ in range(2):
        data = {"file": upload(files.flow(), "flux.xml"), "category": configuration.pk}
        content = agent_client.post(reverse("import_new"), data, follow=True).content.decode()
    first = ImportRun.objects.earliest("pk")
    assert "Ce même flux a déjà été déposé" in content
    assert f'<a href="{page(first, "import_run")}">Voir cet import</a>' in content


def test_a_browser_that_shows_the_progress_is_told_where_to_go(agent_client: Client, configuration):
    data = {"file": upload(files.drome()), "category": configuration.pk}
    response = agent_client.post(reverse("import_new"), data, headers={"HX-Request": "true"})
    run = ImportRun.objects.get()
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, page(run, "import_columns"))


def test_a_browser_that_shows_the_progress_is_told_what_is_wrong(agent_client: Client, configuration):
    data = {"file": upload(b""), "category": configuration.pk}
    response = agent_client.post(reverse("import_new"), data, headers={"HX-Request": "true"})
    assert "HX-Redirect" not in response.headers
    assert "Ce fichier est vide." in response.content.decode()


def test_where_people_go_is_not_asked_when_there_is_only_one_place(agent_client: Client, configuration):
    assert 'name="routing"' not in agent_client.get(reverse("import_new")).content.decode()
    data = {"file": upload(files.drome()), "category": configuration.pk, "routing": "address"}
    agent_client.post(reverse("import_new"), data)
    assert ImportRun.objects.get().routing == Routing.HERE


@pytest.fixture
def several_places(agent, department) -> None:
    """The agent works in another organisation of the department."""
    AgentRoleFactory(agent=agent, organisation=OrganisationFactory(department=department))


def test_an_agent_of_two_organisations_says_where_people_go(
    agent_client: Client, configuration, several_places
):
    content = agent_client.get(reverse("import_new")).content.decode()
    assert f"Dans {configuration.organisation}" in content
    assert "vous choisirez l'organisation de chaque personne" in content
    data = {"file": upload(files.drome()), "category": configuration.pk, "routing": "address"}
    agent_client.post(reverse("import_new"), data)
    assert ImportRun.objects.get().routing == Routing.ADDRESS


def test_an_organisation_of_another_department_does_not_count(agent_client: Client, configuration, agent):
    elsewhere = OrganisationFactory(department=DepartmentFactory(isere=True))
    AgentRoleFactory(agent=agent, organisation=elsewhere)
    assert 'name="routing"' not in agent_client.get(reverse("import_new")).content.decode()


def test_with_sectors_people_may_go_by_their_address(agent_client: Client, configuration, department):
    sectors.save_sector(department=department, name="Die", human_id="die")
    content = agent_client.get(reverse("import_new")).content.decode()
    assert "Selon leur adresse, par les secteurs" in content
    assert "qu'aucun de vos secteurs ne couvre" in content


@pytest.mark.parametrize("routing", ["", "ailleurs", "é"])
def test_a_place_that_does_not_exist_is_refused(
    agent_client: Client, configuration, several_places, routing: str
):
    data = {"file": upload(files.drome()), "category": configuration.pk, "routing": routing}
    content = agent_client.post(reverse("import_new"), data).content.decode()
    assert "Dites où vont les personnes" in content
    assert ImportRun.objects.count() == 0


@pytest.mark.parametrize("garbage", ["0", "abc", "²", "9" * 40])
def test_a_category_that_is_no_number_is_refused(agent_client: Client, configuration, garbage: str):
    data = {"file": upload(files.drome()), "category": garbage}
    content = agent_client.post(reverse("import_new"), data).content.decode()
    assert "Cette catégorie n&#x27;est pas celle de votre organisation." in content


@pytest.mark.parametrize(
    ("name", "content_type", "start"),
    [
        ("import_model_xlsx", "application/vnd.openxmlformats", b"PK"),
        ("import_model_csv", "text/csv", b"\xef\xbb\xbfCivilit"),
    ],
)
def test_the_model_is_downloaded_from_the_page(
    agent_client: Client, configuration, name: str, content_type: str, start: bytes
):
    assert reverse(name) in agent_client.get(reverse("import_new")).content.decode()
    response = agent_client.get(reverse(name))
    assert response.headers["Content-Type"].startswith(content_type)
    assert response.headers["Content-Disposition"].startswith('attachment; filename="modele-import.')
    assert response.content.startswith(start)


def test_the_model_is_that_of_the_organisation(client: Client, department):
    siae = OrganisationFactory(department=department, siae=True)
    client.force_login(AgentFactory(organisation=siae))
    titles = client.get(reverse("import_model_csv")).content.decode("utf-8-sig").splitlines()[0].split(";")
    assert {"NIR", "Identifiant interne"} & set(titles) == set()


@pytest.mark.parametrize("name", ["import_model_xlsx", "import_model_csv"])
def test_without_an_organisation_there_is_no_model(client: Client, db, name: str):
    client.force_login(AgentFactory())
    assert client.get(reverse(name)).headers["Location"] == reverse("organisations")
