"""What each row would do, before anything is written."""

import pytest
from django.utils import timezone

from rdv_insertion.imports import services
from rdv_insertion.imports.enums import RowState, Stage
from rdv_insertion.imports.models import ColumnMapping, ImportRun
from rdv_insertion.imports.read import UnreadableFile
from rdv_insertion.usagers.models import Usager
from tests.factories import (
    FollowUpFactory,
    MembershipFactory,
    OrganisationFactory,
    TagFactory,
    UsagerFactory,
    valid_nir,
)
from tests.imports import files
from tests.imports.conftest import Previewed, row, states, write

HEADER = ("Nom", "Prénom", "Mail", "NIR", "N° CAF", "Rôle", "id iodas")


def listed(*people: dict[str, str]) -> bytes:
    return files.csv(HEADER, *[[person.get(name, "") for name in HEADER] for person in people])


def test_a_department_s_list_with_its_contacts_is_ready_to_create_three_people(previewed: Previewed):
    run = previewed(files.drome(), contacts=files.contacts())
    assert (run.stage, run.contacts_found, states(run)) == (Stage.PREVIEW, 2, [RowState.TO_CREATE] * 3)
    first, second = row(run, 2).person, row(run, 3).person
    assert (first.phone_number, first.address) == ("+33782605940", "60 avenue de la Paix 26000 Valence")
    assert (second.phone_number, second.email) == ("+33698943200", "marius.barthelemy@courriel.test")
    assert Usager.objects.count() == 0


def test_known_people_are_to_update_with_what_changes_or_unchanged(previewed: Previewed, organisation):
    known = UsagerFactory(
        organisation=organisation, department_internal_id="ID0", email="ancien@courriel.test"
    )
    same = UsagerFactory(
        organisation=organisation, first_name="Prenom1", last_name="Nom1", email="p1@courriel.test",
        department_internal_id="ID1",
    )  # fmt: skip
    run = previewed(
        files.csv(
            ("Nom", "Prénom", "Mail", "id iodas"),
            (known.last_name, known.first_name, "nouveau@courriel.test", "ID0"),
            ("Nom1", "Prenom1", "", "ID1"),
        )
    )
    assert states(run) == [RowState.TO_UPDATE, RowState.UNCHANGED]
    assert (row(run, 2).usager, row(run, 2).content.changes) == (known, ["email"])
    assert row(run, 3).usager == same


def test_another_spelling_of_the_same_words_changes_nothing_and_loses_no_accent(
    previewed: Previewed, organisation
):
    known = UsagerFactory(
        organisation=organisation,
        last_name="Öztürk",
        first_name="Zoé-Lou",
        address="12 rue de la République 26000 Valence",
        email="z@courriel.test",
    )
    content = files.csv(
        ("Nom", "Prénom", "Mail", "Adresse"),
        ("OZTURK", "ZOE LOU", "z@courriel.test", "12 RUE DE LA REPUBLIQUE, 26000 VALENCE"),
    )
    assert states(previewed(content)) == [RowState.UNCHANGED]
    run = write(previewed(content.replace(b"12 RUE", b"14 RUE")))
    assert (states(run), row(run, 2).content.changes) == ([RowState.UPDATED], ["address"])
    known.refresh_from_db()
    assert (known.last_name, known.first_name) == ("Öztürk", "Zoé-Lou")
    assert known.address == "14 RUE DE LA REPUBLIQUE, 26000 VALENCE"


def test_a_spelling_that_an_agent_typed_is_taken(previewed: Previewed, organisation):
    known = UsagerFactory(organisation=organisation, last_name="OZTURK", first_name="Zoé", email="z@b.fr")
    run = previewed(files.csv(("Nom", "Prénom", "Mail"), ("OZTURK", "Zoé", "z@b.fr")))
    services.correct(row=row(run, 2), attribute="last_name", text="Öztürk", now=timezone.now())
    assert states(run) == [RowState.TO_UPDATE]
    write(run)
    known.refresh_from_db()
    assert known.last_name == "Öztürk"


def test_a_row_without_name_or_key_is_wrong_and_says_what_is_missing(previewed: Previewed):
    run = previewed(
        listed(
            {"Prénom": "Zoé", "Mail": "z@courriel.test"},
            {"Mail": "y@courriel.test"},
            {"Nom": "Roux", "Prénom": "Zoé", "N° CAF": "1234567"},
        )
    )
    assert states(run) == [RowState.ERROR] * 3
    assert [row(run, number).content.remarks for number in (2, 3)] == [
        ["Il manque le nom."],
        ["Il manque le nom et le prénom."],
    ]
    assert "numéro CAF avec le rôle" in row(run, 4).content.remarks[0]


def test_somebody_of_the_same_name_is_a_possible_duplicate(previewed: Previewed, organisation):
    known = UsagerFactory(organisation=organisation, last_name="Rouvière", first_name="Zoé")
    run = previewed(listed({"Nom": "ROUVIERE", "Prénom": "zoe", "Mail": "autre@courriel.test"}))
    assert states(run) == [RowState.DUPLICATE]
    assert list(row(run, 2).lookalikes.all()) == [known]
    assert row(run, 2).content.remarks == ["Une personne du même nom est déjà connue dans le département."]


def test_two_rows_of_one_person_are_one_person_whose_blanks_are_filled(previewed: Previewed):
    run = previewed(
        listed(
            {"Nom": "Roux", "Prénom": "Zoé", "id iodas": "A1"},
            {"Nom": "Roux", "Prénom": "Zoé", "id iodas": "A1", "Mail": "z@courriel.test"},
        )
    )
    assert states(run) == [RowState.TO_CREATE, RowState.MERGED]
    assert (row(run, 2).person.email, row(run, 3).same_as) == ("z@courriel.test", 2)


def test_two_rows_that_only_a_known_person_relates_are_one_person(previewed: Previewed, organisation):
    names = {"last_name": "Roux", "first_name": "Zoé"}
    known = UsagerFactory(
        organisation=organisation, **names, email="z@courriel.test", department_internal_id="A1"
    )
    run = previewed(
        listed(
            {"Nom": "Roux", "Prénom": "Zoé", "id iodas": "A1"},
            {"Nom": "Roux", "Prénom": "Zoé", "Mail": "z@courriel.test"},
        )
    )
    assert states(run) == [RowState.UNCHANGED, RowState.MERGED]
    assert row(run, 2).usager == known


def test_two_people_of_one_file_cannot_have_the_same_nir(previewed: Previewed):
    nir = valid_nir(1)
    content = files.csv(
        ("Nom", "Prénom", "Né le", "NIR"),
        ("Roux", "Zoé", "03/04/1985", nir),
        ("Benali", "Karim", "03/05/1990", nir),
    )
    run = previewed(content)
    assert states(run) == [RowState.TO_CREATE, RowState.ERROR]
    assert row(run, 3).content.remarks == ["La ligne 2 donne le même NIR à une autre personne. Corrigez-les."]


def test_archived_people_and_closed_follow_ups_are_left_alone_and_told(
    previewed: Previewed, organisation, category
):
    archived = UsagerFactory(organisation=organisation, archived=True, department_internal_id="ID0")
    closed = FollowUpFactory(
        usager=UsagerFactory(organisation=organisation, department_internal_id="ID1"),
        motif_category=category,
        closed=True,
    ).usager
    names = [(one.last_name, one.first_name, "", one.department_internal_id) for one in (archived, closed)]
    run = previewed(files.csv(("Nom", "Prénom", "Mail", "id iodas"), *names))
    assert [row(run, number).selected for number in (2, 3)] == [False, False]
    assert "archivée" in row(run, 2).content.remarks[0]
    assert "clos" in row(run, 3).content.remarks[0]


def test_somebody_followed_elsewhere_in_the_department_is_recognised_and_told(
    previewed: Previewed, department
):
    known = UsagerFactory(
        organisation=OrganisationFactory(department=department), department_internal_id="ID0"
    )
    run = previewed(files.csv(("Nom", "Prénom", "id iodas"), (known.last_name, known.first_name, "ID0")))
    assert (row(run, 2).usager, row(run, 2).selected) == (known, True)
    assert "une autre organisation" in row(run, 2).content.remarks[0]


def test_unknown_tags_and_referents_are_listed_once(previewed: Previewed, agent, department):
    TagFactory(department=department, value="Jeune")
    run = previewed(
        files.csv(
            ("Nom", "Prénom", "Mail", "Tags", "Mail référent"),
            ("Roux", "Zoé", "z@courriel.test", "Jeune, Inconnu", agent.email),
            ("Roux", "Théo", "t@courriel.test", "Inconnu, Autre", "personne@drome.test"),
        )
    )
    assert (run.unknown_tags, run.unknown_referents) == (["Autre", "Inconnu"], ["personne@drome.test"])
    assert [row(run, number).content.remarks for number in (2, 3)] == [[], []]


def test_what_the_organisation_may_not_hold_is_not_even_stored(previewed: Previewed, department, category):
    siae = OrganisationFactory(department=department, siae=True)
    person = {
        "Nom": "Roux",
        "Prénom": "Zoé",
        "Mail": "z@courriel.test",
        "NIR": valid_nir(1),
        "id iodas": "A1",
    }
    run = previewed(listed(person), organisation=siae)
    assert row(run, 2).content.values.keys() == {"last_name", "first_name", "email"}
    assert row(run, 2).person.as_json() == {
        "last_name": "Roux",
        "first_name": "Zoé",
        "email": "z@courriel.test",
    }


def test_a_delegate_s_list_is_completed_by_nir_and_forgets_it(previewed: Previewed, department):
    nir = valid_nir(1)
    line = [
        {"NIR": nir, "ADRESSE ELECTRONIQUE DOSSIER": "z@courriel.test"}.get(name, "")
        for name in files.CONTACTS_HEADER
    ]
    run = previewed(
        files.csv(("Nom", "Prénom", "NIR"), ("Roux", "Zoé", nir)),
        contacts=files.csv(files.CONTACTS_HEADER, line),
        organisation=OrganisationFactory(department=department, delegataire=True),
        columns=["last_name", "first_name", "nir"],
    )
    assert (row(run, 2).person.email, row(run, 2).person.nir) == ("z@courriel.test", None)


def test_the_preview_asks_as_many_questions_for_ten_rows_as_for_two_hundred(
    previewed: Previewed, organisation, django_assert_max_num_queries
):
    for number in range(5):
        UsagerFactory(organisation=organisation, department_internal_id=f"ID{number}")
    for count in (10, 200):
        run = previewed(files.people(count))
        with django_assert_max_num_queries(25):
            services.set_columns(run=run, columns=run.columns, now=timezone.now())


def test_a_mapping_is_remembered_for_the_organisation_and_only_for_it(
    previewed: Previewed, organisation, department
):
    chosen = ["last_name", "first_name", "", "department_internal_id"]
    previewed(files.people(1), columns=chosen)
    elsewhere = OrganisationFactory(department=department)
    again = previewed(files.people(2).replace("Prénom".encode(), b"PRENOM"))
    assert again.columns == chosen
    assert previewed(files.people(1), organisation=elsewhere).columns[2] == "email"
    assert ColumnMapping.objects.count() == 2


def test_a_file_that_cannot_be_read_leaves_nothing(previewed: Previewed):
    for content, contacts in ((b"%PDF", None), (files.people(1), b"Nom;Mail\nA;a@b.fr\n")):
        with pytest.raises(UnreadableFile):
            previewed(content, contacts=contacts)
    assert ImportRun.objects.count() == 0


def test_what_is_wrong_in_the_contact_file_is_said_of_it(previewed: Previewed):
    with pytest.raises(services.UnreadableContacts, match="^Fichier de contacts : "):
        previewed(files.people(1), contacts=b"")
    with pytest.raises(UnreadableFile) as raised:
        previewed(b"", contacts=files.contacts())
    assert not isinstance(raised.value, services.UnreadableContacts)


def test_columns_may_be_corrected_until_writing_begins(previewed: Previewed):
    run = previewed(files.people(2), columns=["last_name", "first_name", "", ""])
    assert states(run) == [RowState.ERROR] * 2
    services.set_columns(run=run, columns=["last_name", "first_name", "email", ""], now=timezone.now())
    assert states(run) == [RowState.TO_CREATE] * 2
    services.start_writing(run=run, now=timezone.now())
    with pytest.raises(services.WrongStage):
        services.set_columns(run=run, columns=run.columns, now=timezone.now())


def test_a_colleague_s_member_is_not_remarked_as_followed_elsewhere(
    previewed: Previewed, organisation, department
):
    known = UsagerFactory(organisation=organisation, department_internal_id="ID0")
    MembershipFactory(usager=known, organisation=OrganisationFactory(department=department))
    run = previewed(files.csv(("Nom", "Prénom", "id iodas"), (known.last_name, known.first_name, "ID0")))
    assert row(run, 2).content.remarks == []
