"""The third step: every row before anything is written."""

from django.test import Client
from django.urls import reverse

from rdv_insertion.imports.enums import Decision, Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.usagers.models import Usager
from tests.factories import OrganisationFactory, UsagerFactory, valid_nir
from tests.imports import files
from tests.web.agents.imports.conftest import AtStep, page

HEADER = ("Nom", "Prénom", "Mail", "Tél", "id iodas", "NIR")
LIKE_ZOE = files.csv(HEADER, ("Roux", "Zoé", "z@courriel.test", "", "", ""))


def shown(client: Client, run: ImportRun, query: str = "") -> str:
    return client.get(page(run) + query).content.decode()


def decide(client: Client, run: ImportRun, number: int = 2, **data: object) -> None:
    response = client.post(reverse("import_decide", args=[run.pk, number]), data)
    assert response.headers["Location"].endswith(f"#ligne-{number}")


def test_counts_lead_to_the_rows_of_each_state(agent_client: Client, checked: AtStep):
    run = checked(
        files.csv(HEADER, ("Roux", "Zoé", "z@courriel.test", "12", "", ""), ("Roy", "", "", "", "", ""))
    )
    content = shown(agent_client, run)
    for key, count, label in (
        ("", 2, "Toutes les lignes"),
        ("a-regarder", 2, "À regarder"),
        ("error", 1, "En erreur"),
    ):
        assert f"<strong>{count}</strong> {label}" in content, key
    errors = shown(agent_client, run, "?etat=error")
    assert "Il manque le prénom." in errors
    assert "Zoé Roux" not in errors


def test_a_problem_names_its_cell_its_text_and_why(agent_client: Client, checked: AtStep):
    run = checked(files.csv(HEADER, ("Roux", "Zoé", "z@courriel.test", "12", "", "")))
    sentence = "Téléphone, cellule D2 : « 12 », ce numéro de téléphone n&#x27;existe pas."
    assert sentence in shown(agent_client, run)


def test_what_changes_is_shown_before_and_after(agent_client: Client, checked: AtStep, organisation):
    known = UsagerFactory(organisation=organisation, department_internal_id="A1", phone_number="+33612345678")
    run = checked(files.csv(HEADER, (known.last_name, known.first_name, "", "0698943200", "A1", "")))
    assert "<del>06 12 34 56 78</del> → <ins>06 98 94 32 00</ins>" in shown(agent_client, run)


def test_what_is_known_of_somebody_followed_elsewhere_only_is_not_shown(
    agent_client: Client, checked: AtStep, department
):
    elsewhere = OrganisationFactory(department=department)
    known = UsagerFactory(organisation=elsewhere, department_internal_id="A1", phone_number="+33612345678")
    lookalike = UsagerFactory(
        organisation=elsewhere, last_name="Roux", first_name="Zoé", email="secret@courriel.test"
    )
    run = checked(
        files.csv(
            HEADER,
            (known.last_name, known.first_name, "", "0698943200", "A1", ""),
            ("Roux", "Zoé", "z@courriel.test", "", "", ""),
        )
    )
    content = shown(agent_client, run)
    assert "<del>Non affiché</del> → <ins>06 98 94 32 00</ins>" in content
    assert "suivie par une autre organisation" in content
    for hidden in ("06 12 34 56 78", "secret@courriel.test", lookalike.affiliation_number):
        assert hidden not in content
    assert reverse("usager", args=[lookalike.pk]) not in content


def test_a_nir_is_said_to_be_there_and_never_shown(agent_client: Client, checked: AtStep, organisation):
    old, new, third = valid_nir(1), valid_nir(2), valid_nir(3)
    UsagerFactory(
        organisation=organisation, last_name="Roy", first_name="Al", department_internal_id="A1", nir=None
    )
    lookalike = UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé", nir=old)
    run = checked(
        files.csv(
            HEADER,
            ("Roy", "Al", "", "", "A1", new),
            ("Roux", "Zoé", "z@courriel.test", "", "", third),
            ("Faux", "Nir", "f@courriel.test", "", "", new[:-1] + "x"),
        )
    )
    content = shown(agent_client, run)
    assert "NIR ajouté" in content
    assert "NIR présent" in content
    for nir in (old, new, third):
        assert nir[:10] not in content
    assert lookalike.department_internal_id in content


def test_a_row_is_left_out_and_taken_again(agent_client: Client, checked: AtStep):
    run = checked(files.people(2))
    address = reverse("import_select", args=[run.pk, 2])
    back = f"{page(run)}?page=1"
    response = agent_client.post(address, {"next": back})
    assert response.headers["Location"] == f"{back}#ligne-2"
    content = shown(agent_client, run)
    assert "Enregistrer 1 personne" in content
    assert "1 ligne laissée de côté" in content
    agent_client.post(address, {"choisie": "oui"})
    assert "Enregistrer 2 personnes" in shown(agent_client, run)


def test_a_possible_duplicate_is_shown_beside_who_it_may_be(
    agent_client: Client, checked: AtStep, organisation
):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé", email="autre@courriel.test")
    content = shown(agent_client, checked(LIKE_ZOE))
    assert "Doublon possible" in content
    assert "<td>z@courriel.test</td><td>autre@courriel.test</td>" in content
    assert "Aucune personne à enregistrer." in content


def test_each_decision_changes_what_will_be_written(agent_client: Client, checked: AtStep, organisation):
    known = UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    run = checked(LIKE_ZOE)
    decide(agent_client, run, decision=Decision.SAME, personne=known.pk)
    assert "0 personne à créer, 1 à mettre à jour" in shown(agent_client, run)
    decide(agent_client, run, decision=Decision.DIFFERENT)
    assert "1 personne à créer, 0 à mettre à jour" in shown(agent_client, run)
    decide(agent_client, run, decision=Decision.LATER)
    assert "1 doublon à décider" in shown(agent_client, run)
    decide(agent_client, run, decision="n'importe quoi")
    assert "1 doublon à décider" in shown(agent_client, run)


def test_somebody_it_does_not_look_like_cannot_be_chosen(agent_client: Client, checked: AtStep, organisation):
    UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    other = UsagerFactory(organisation=organisation)
    run = checked(LIKE_ZOE)
    for personne in (other.pk, "", "abc"):
        address = reverse("import_decide", args=[run.pk, 2])
        response = agent_client.post(address, {"decision": "same", "personne": personne})
        assert response.headers["Location"] == page(run)
    assert run.rows.get().decision == Decision.LATER


def test_a_row_that_does_not_exist_is_not_found(agent_client: Client, checked: AtStep):
    run = checked(files.people(1))
    for name in ("import_select", "import_decide"):
        assert agent_client.post(reverse(name, args=[run.pk, 99]), {"decision": "later"}).status_code == 404


def test_a_duplicate_is_decided_after_the_others_are_written(agent_client, checked, organisation, run_jobs):
    known = UsagerFactory(organisation=organisation, last_name="Roux", first_name="Zoé")
    run = checked(LIKE_ZOE + b"Roy;Al;al@courriel.test;;;\n")
    agent_client.post(page(run))
    run_jobs("imports")
    assert "Décider des doublons possibles" in agent_client.get(page(run, "import_writing")).content.decode()
    decide(agent_client, run, decision=Decision.SAME, personne=known.pk)
    assert "Enregistrer 1 personne" in shown(agent_client, run, "?etat=duplicate")
    agent_client.post(page(run))
    run_jobs("imports")
    known.refresh_from_db()
    assert (known.email, Usager.objects.count()) == ("z@courriel.test", 2)


def test_the_page_is_cut_every_50_rows_and_asks_a_constant_number_of_questions(
    agent_client: Client, checked: AtStep, organisation, django_assert_max_num_queries
):
    for number in range(20):
        UsagerFactory(organisation=organisation, last_name=f"Nom{number}", first_name=f"Prenom{number}")
    run = checked(files.people(120))
    with django_assert_max_num_queries(20):
        content = shown(agent_client, run, "?page=1")
    assert "Page 1 sur 3" in content
    assert content.count('class="import-row') == 50


def test_two_clicks_write_once(agent_client: Client, checked: AtStep, run_jobs):
    run = checked(files.people(1))
    for _ in range(2):
        agent_client.post(page(run))
    assert run_jobs("imports") == 1
    run.refresh_from_db()
    assert run.stage == Stage.WRITTEN


def test_a_contact_file_that_matches_nobody_is_told(agent_client: Client, checked: AtStep):
    run = checked(files.people(1), contacts=files.contacts())
    assert "Aucune ligne de contacts.csv ne correspond" in shown(agent_client, run)
