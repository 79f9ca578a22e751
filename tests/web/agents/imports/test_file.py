"""The first step: what is given, and what is said of a file that cannot be used."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.models import ColumnMapping, ImportFile, ImportRun
from rdv_insertion.usagers.models import Usager
from rdv_insertion.web.agents.imports.forms import NewImportForm
from tests.factories import CategoryConfigurationFactory, MotifCategoryFactory, OrganisationFactory
from tests.imports import files
from tests.web.agents.imports.conftest import upload


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


def test_a_file_of_60_megabytes_is_refused_before_it_is_read(configuration):
    size = 60 * 1024 * 1024
    given = {"file": InMemoryUploadedFile(_Unread(), "file", "enorme.xlsx", "x", size, None)}
    form = NewImportForm({"category": configuration.pk}, given, organisation=configuration.organisation)
    assert form.errors == {
        "file": ["Ce fichier pèse 60 Mo. La limite est de 20 Mo : découpez-le en plusieurs."]
    }


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
