"""The pages of sectors, as an administrator and an agent use them."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rdv_insertion.agenda.enums import SectorisationLevel
from rdv_insertion.agenda.models import Sector, SectorAttribution, Zone
from rdv_insertion.agenda.services import sectors as services
from rdv_insertion.agenda.services.sectors import Place
from rdv_insertion.imports.read import read_tables
from tests.addresses import address_base
from tests.factories import AgentFactory, DepartmentFactory, MotifFactory, OrganisationFactory

__all__ = ["address_base"]

GARBAGE = ["", "\x00", "9" * 40, "-1", "é" * 500, "<script>", "'; --", "26362", "%", "26362_0020_x"]


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def sector(department) -> Sector:
    return services.save_sector(department=department, name="Valence – centre", human_id="centre")


def url(name: str, *args: object) -> str:
    return reverse(name, args=["cd-drome", *args])


def text(response) -> str:
    """What the page says, with one space between words."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(bare).split())


# --- List, name, delete ---


def test_without_a_sector_the_page_says_what_comes_and_how_to_begin(admin_client, organisation):
    shown = text(admin_client.get(url("sectors")))
    assert "Aucun secteur pour le moment" in shown
    assert "Ajouter un premier secteur" in shown


def test_the_list_says_the_zones_and_who_serves(admin_client, sector, organisation, agent):
    services.add_zone(sector=sector, place=Place("26362"))
    services.add_zone(sector=sector, place=Place("26113", "rue Pasteur"))
    services.attribute(sector=sector, organisation=organisation, agent=agent)
    shown = text(admin_client.get(url("sectors")))
    assert "1\u00a0commune, 1\u00a0rue" in shown or "1 commune, 1 rue" in shown
    assert "Alice Agent (Conseil départemental de la Drôme)" in shown
    assert re.search(r"36\d communes sur 36\d ne font partie d'aucun secteur", shown.replace("\u00a0", " "))


def test_a_sector_that_nobody_serves_is_seen_at_once(admin_client, sector):
    shown = text(admin_client.get(url("sectors")))
    assert "Personne" in shown
    assert "Aucune zone" in shown


def test_sectors_of_another_department_are_not_listed(admin_client, sector):
    services.save_sector(department=DepartmentFactory(isere=True), name="Grésivaudan", human_id="g")
    assert "Grésivaudan" not in text(admin_client.get(url("sectors")))


def test_a_sector_is_created_with_an_identifier_made_from_its_name(admin_client, organisation):
    response = admin_client.post(url("sector_add"), {"name": "  Die et  Diois "})
    created = Sector.objects.get()
    assert (created.name, created.human_id) == ("Die et Diois", "die-et-diois")
    assert response.url == url("sector", created.pk)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": ""}, "Donnez un nom"),
        ({"name": "   "}, "Donnez un nom"),
        ({"name": "x" * 151}, "150 caractères"),
        ({"name": "Autre", "human_id": "centre"}, "porte déjà cet identifiant"),
    ],
)
def test_a_wrong_sector_is_refused_and_what_was_typed_is_kept(admin_client, sector, data, said):
    response = admin_client.post(url("sector_add"), data)
    assert response.status_code == 422
    assert said in text(response)
    assert data.get("human_id", "") in response.content.decode()
    assert Sector.objects.count() == 1


def test_a_sector_is_renamed(admin_client, sector):
    admin_client.post(url("sector_edit", sector.pk), {"name": "Centre", "human_id": "c"})
    sector.refresh_from_db()
    assert (sector.name, sector.human_id) == ("Centre", "c")


def test_before_deleting_the_page_says_what_goes(admin_client, sector, organisation):
    services.add_zone(sector=sector, place=Place("26362"))
    services.attribute(sector=sector, organisation=organisation)
    shown = text(admin_client.get(url("sector_delete", sector.pk))).replace("\u00a0", " ")
    assert "1 zone et 1 attribution" in shown
    assert Sector.objects.exists()


def test_a_sector_is_deleted_with_its_zones(admin_client, sector):
    services.add_zone(sector=sector, place=Place("26362"))
    admin_client.post(url("sector_delete", sector.pk))
    assert not Sector.objects.exists()
    assert not Zone.objects.exists()


def test_a_sector_of_another_department_is_not_found(admin_client, organisation):
    abroad = services.save_sector(department=DepartmentFactory(isere=True), name="I", human_id="i")
    for name in ("sector", "sector_edit", "sector_delete"):
        assert admin_client.get(url(name, abroad.pk)).status_code == 404
    assert admin_client.post(url("zone_add", abroad.pk), {"commune": "38185"}).status_code == 404


# --- Zones ---


def test_towns_are_suggested_without_any_network(admin_client, sector):
    shown = text(admin_client.get(url("sector", sector.pk), {"q": "romans"}))
    assert "26100 Romans-sur-Isère commune entière Ajouter" in shown


def test_streets_are_suggested_by_the_national_base(admin_client, sector, address_base):
    response = admin_client.get(url("sector", sector.pk), {"q": "rue pasteur valence"})
    assert "Rue Pasteur 26000 Valence" in text(response)
    assert 'value="26362_0020"' in response.content.decode()


def test_a_street_can_be_added_offline(admin_client, sector):
    response = admin_client.get(url("sector", sector.pk), {"q": "rue Pasteur, 26000 Valence"})
    assert "rue Pasteur, 26000 Valence rue Ajouter" in text(response)


def test_nothing_found_says_what_to_write(admin_client, sector):
    shown = text(admin_client.get(url("sector", sector.pk), {"q": "zzzzzz"}))
    assert "Pour une rue, écrivez aussi sa commune" in shown


def test_a_town_is_added_and_the_addition_is_undone(admin_client, sector):
    admin_client.post(url("zone_add", sector.pk), {"commune": "26362"})
    zone = Zone.objects.get()
    page = admin_client.get(url("sector", sector.pk))
    assert "Zone ajoutée : Valence." in text(page)
    assert url("zone_remove", sector.pk, zone.pk) in page.content.decode()


def test_a_street_is_removed_and_the_removal_is_undone(admin_client, sector):
    zone = services.add_zone(sector=sector, place=Place("26362", "Rue Pasteur", "26362_0020"))
    admin_client.post(url("zone_remove", sector.pk, zone.pk))
    assert not Zone.objects.exists()
    undo = admin_client.session["undo"]
    admin_client.post(undo["url"], undo["fields"])
    again = Zone.objects.get()
    assert (again.street_name, again.street_code) == ("Rue Pasteur", "26362_0020")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"commune": "38185"}, "n'est pas dans le département"),
        ({"commune": "26362"}, "déjà dans ce secteur"),
        ({"commune": "26999"}, "n'existe pas"),
        ({}, "Choisissez une commune ou une rue"),
    ],
)
def test_a_zone_that_cannot_be_says_why(admin_client, sector, data, said):
    services.add_zone(sector=sector, place=Place("26362"))
    page = admin_client.post(url("zone_add", sector.pk), data, follow=True)
    assert said in text(page)
    assert Zone.objects.count() == 1


def test_a_zone_of_another_sector_is_not_removed_from_here(admin_client, sector, department):
    other = services.save_sector(department=department, name="Sud", human_id="sud")
    zone = services.add_zone(sector=other, place=Place("26362"))
    assert admin_client.post(url("zone_remove", sector.pk, zone.pk)).status_code == 404


# --- Who serves a sector ---


def test_an_organisation_is_attributed_and_removed_with_undo(admin_client, sector, organisation):
    choice = {"qui": f"organisation-{organisation.pk}"}
    admin_client.post(url("attribution_add", sector.pk), choice)
    attribution = SectorAttribution.objects.get()
    assert attribution.agent is None
    admin_client.post(url("attribution_remove", sector.pk, attribution.pk))
    assert not SectorAttribution.objects.exists()
    undo = admin_client.session["undo"]
    assert undo["fields"] == choice
    admin_client.post(undo["url"], undo["fields"])
    assert SectorAttribution.objects.get().organisation == organisation


def test_an_agent_of_another_organisation_of_the_department_is_attributed(
    admin_client, sector, colleague_elsewhere
):
    role = colleague_elsewhere.roles.get()
    admin_client.post(url("attribution_add", sector.pk), {"qui": f"agent-{role.pk}"})
    attribution = SectorAttribution.objects.get()
    assert (attribution.agent, attribution.organisation) == (colleague_elsewhere, role.organisation)


def test_somebody_of_another_department_is_not_attributed(admin_client, sector, stranger):
    role = stranger.roles.get()
    for choice in (f"agent-{role.pk}", f"organisation-{role.organisation_id}"):
        page = admin_client.post(url("attribution_add", sector.pk), {"qui": choice}, follow=True)
        assert "n'est plus du département" in text(page)
    assert not SectorAttribution.objects.exists()


# --- Files ---


def send(browser, content: bytes, **options):
    given = SimpleUploadedFile("zones.csv", content)
    return browser.post(url("sectors_import"), {"fichier": given, **options})


def kept(page) -> str:
    found = re.search(r'name="lignes" value="([^"]+)"', page.content.decode())
    assert found
    return html.unescape(found.group(1))


FILE = """sector_id;city_code;city_name;street_name;street_code
centre;26362;Valence;;
centre;26362;;Rue Pasteur;
;26113;;;
"""


def test_a_file_is_previewed_then_written(admin_client, sector):
    page = send(admin_client, FILE.encode())
    shown = text(page)
    assert "2 à ajouter" in shown
    assert "1 refusée" in shown
    assert "Il manque l'identifiant du secteur." in shown
    assert not Zone.objects.exists()
    done = admin_client.post(url("sectors_import_apply"), {"lignes": kept(page)}, follow=True)
    assert "2 zones ajoutées" in text(done).replace("\u00a0", " ")
    assert Zone.objects.count() == 2


def test_sending_the_preview_twice_writes_once(admin_client, sector):
    rows = {"lignes": kept(send(admin_client, FILE.encode()))}
    admin_client.post(url("sectors_import_apply"), rows)
    admin_client.post(url("sectors_import_apply"), rows)
    assert Zone.objects.count() == 2


def test_missing_sectors_are_created_when_the_box_is_checked(admin_client, organisation):
    page = send(admin_client, FILE.encode(), creer="on")
    assert "Un secteur sera créé : centre." in text(page)
    admin_client.post(url("sectors_import_apply"), {"lignes": kept(page)})
    assert Sector.objects.get().human_id == "centre"


def test_a_preview_cannot_be_forged_nor_taken_to_another_department(admin_client, sector, admin, client):
    rows = kept(send(admin_client, FILE.encode()))
    isere = OrganisationFactory(department=DepartmentFactory(isere=True), slug="isere")
    client.force_login(AgentFactory(organisation=isere, admin=True))
    for lignes in (rows, rows[:-2], "x", ""):
        client.post(reverse("sectors_import_apply", args=["isere"]), {"lignes": lignes})
    assert not Zone.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Ce fichier est vide"),
        (b"a;b\n1;2\n", "n'a pas les colonnes attendues"),
        (b"%PDF-1.4", "un document PDF"),
        (b"PK\x03\x04garbage", "n'est pas un classeur lisible"),
        (b"sector_id;city_code\n", "ne contient aucune zone"),
    ],
)
def test_an_unreadable_file_says_what_it_is(admin_client, sector, content, said):
    page = send(admin_client, content)
    assert page.status_code == 422
    assert said in text(page)


def test_sending_no_file_says_so(admin_client, sector):
    page = admin_client.post(url("sectors_import"))
    assert page.status_code == 422
    assert "Choisissez le fichier à importer" in text(page)


def test_the_export_is_read_back_and_its_formulas_are_texts(admin_client, sector, department):
    risky = services.save_sector(department=department, name="x", human_id='=HYPERLINK("http://x")')
    services.add_zone(sector=risky, place=Place("26362", "Rue Pasteur", "26362_0020"))
    response = admin_client.get(url("sectors_export"))
    content = response.content
    [table] = read_tables(content)
    assert table.rows[1] == ['=HYPERLINK("http://x")', "26362", "Valence", "Rue Pasteur", "26362_0020"]
    assert b"<f>" not in content
    assert "attachment" in response["Content-Disposition"]


def test_the_model_is_a_file_that_the_import_accepts(admin_client, organisation):
    content = admin_client.get(url("sectors_template")).content
    page = send(admin_client, content, creer="on")
    assert "2 à ajouter" in text(page)


# --- Who serves an address ---


def who(browser, address: str) -> str:
    return text(browser.get(url("who_serves"), {"adresse": address}))


@pytest.fixture
def served(sector, organisation, agent):
    """Valence by an agent, and one of its streets by another organisation."""
    services.add_zone(sector=sector, place=Place("26362"))
    services.attribute(sector=sector, organisation=organisation, agent=agent)
    street = services.save_sector(department=organisation.department, name="Rue à part", human_id="r")
    services.add_zone(sector=street, place=Place("26362", "Rue Pasteur", "26362_0020"))
    other = OrganisationFactory(department=organisation.department, name="Mission locale")
    services.attribute(sector=street, organisation=other)
    return other


def test_an_agent_learns_who_serves_a_street_and_why(agent_client, served):
    shown = who(agent_client, "12 rue Pasteur 26000 Valence")
    assert "La règle de la rue décide" in shown
    assert "Secteur Rue à part" in shown
    assert "Mission locale Toute l'organisation" in shown
    assert "Alice Agent" not in shown.split("Qui reçoit cette adresse ?", 3)[-1]


def test_an_agent_learns_who_serves_a_town(agent_client, served):
    shown = who(agent_client, "3 rue Victor Hugo 26000 Valence")
    assert "La règle de la commune décide : aucune règle ne nomme cette rue." in shown
    assert "Agents désignés : Alice Agent" in shown.replace("\u00a0", " ")


def test_the_motifs_that_an_address_opens_are_named(agent_client, served, organisation):
    levels = SectorisationLevel
    MotifFactory(organisation=organisation, name="Avec un désigné", sectorisation_level=levels.AGENT)
    MotifFactory(organisation=organisation, name="Pour tous", sectorisation_level=levels.DEPARTEMENT)
    MotifFactory(organisation=organisation, name="Par secteur", sectorisation_level=levels.ORGANISATION)
    shown = who(agent_client, "26000 Valence")
    assert "Avec un désigné" in shown
    assert "Pour tous" in shown
    assert "Par secteur" not in shown


def test_an_address_that_nobody_serves_says_so(agent_client, served):
    assert "Aucun secteur ne comprend cette commune" in who(agent_client, "26150 Die")


def test_an_address_of_another_department_says_so(agent_client, served):
    assert "n'est pas dans le département" in who(agent_client, "38000 Grenoble")


def test_an_unknown_address_says_what_to_check_and_offers_others(agent_client, served):
    assert "Cette adresse n'est pas reconnue" in who(agent_client, "zzz")
    assert "Vouliez-vous dire : 26000 Valence" in who(agent_client, "valenc")


def test_suggestions_alone_are_sent_while_typing(agent_client, served, address_base):
    response = agent_client.get(url("who_serves"), {"adresse": "rue past"}, headers={"HX-Request": "true"})
    assert "Rue Pasteur 26000 Valence" in text(response)
    assert "<html" not in response.content.decode()


# --- Whatever is sent ---


@pytest.mark.parametrize("value", GARBAGE)
def test_any_parameter_is_survived(admin_client, sector, value):
    codes = {
        admin_client.get(url("who_serves"), {"adresse": value}).status_code,
        admin_client.get(url("who_serves"), {"adresse": value}, headers={"HX-Request": "1"}).status_code,
        admin_client.get(url("sector", sector.pk), {"q": value, "page": value}).status_code,
        admin_client.post(
            url("zone_add", sector.pk), {"commune": value, "rue": value, "code_rue": value}
        ).status_code,
        admin_client.post(url("attribution_add", sector.pk), {"qui": value}).status_code,
        admin_client.post(url("sector_add"), {"name": value, "human_id": value}).status_code,
        admin_client.post(url("sectors_import_apply"), {"lignes": value}).status_code,
        admin_client.post(url("sectors_import"), {"fichier": value, "creer": value}).status_code,
    }
    # A character that no database stores is refused before any page.
    assert codes <= ({400} if "\x00" in value else {200, 302, 422})


# --- Queries ---


def fill(department, organisation, number: int) -> Sector:
    """`number` sectors, each with zones and attributions; the last one."""
    for place in range(number):
        sector = services.save_sector(department=department, name=f"S{place}", human_id=f"s{place}")
        for street in range(number):
            services.add_zone(sector=sector, place=Place("26362", f"rue {street}"))
            one = AgentFactory(organisation=organisation)
            services.attribute(sector=sector, organisation=organisation, agent=one)
        services.add_zone(sector=sector, place=Place("26362"))
        MotifFactory(organisation=organisation)
    return sector


@pytest.mark.parametrize("name", ["sectors", "sector", "who_serves", "sectors_export"])
def test_a_page_makes_the_same_queries_whatever_the_number(
    name, admin_client, department, organisation, django_assert_max_num_queries
):
    def ask(sector: Sector) -> int:
        address = url(name, sector.pk) if name == "sector" else url(name)
        with django_assert_max_num_queries(40) as queries:
            admin_client.get(address, {"adresse": "26000 Valence", "q": "val"})
        return len(queries)

    ask(fill(department, organisation, 1))  # the session is written once
    Sector.objects.all().delete()
    few = ask(fill(department, organisation, 1))
    Sector.objects.all().delete()
    organisation.motifs.all().delete()
    assert ask(fill(department, organisation, 6)) == few
