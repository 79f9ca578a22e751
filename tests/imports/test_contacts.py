"""The CNAF contact file, which adds mails and phones."""

from dataclasses import replace
from datetime import date

import pytest

from rdv_insertion.imports.contacts import Contact, ContactBook, as_json, from_json, read_contacts
from rdv_insertion.imports.read import Table, UnreadableFile, read_tables
from rdv_insertion.usagers.identity import Identity
from tests.factories import valid_nir
from tests.imports import files

TODAY = date(2026, 3, 3)


def contact(
    matricule: str = "", *, nir: str = "", role: str = "", email: str = "", phones=("", "")
) -> Contact:
    return Contact(matricule=matricule, nir=nir, role=role, email=email, phones=phones)


def completed(identity: Identity, *contacts: Contact) -> Identity:
    return replace(identity, **ContactBook(contacts, today=TODAY).added_to(identity))


def lines(**cells: str) -> list[Contact]:
    """Read a contact file of one line."""
    row = [cells.get(title.replace(" ", "_"), "") for title in files.CONTACTS_HEADER]
    return read_contacts(Table([list(files.CONTACTS_HEADER), row]))


@pytest.mark.parametrize(("separator", "encoding", "end"), [(",", "utf-8", "\n"), (";", "latin-1", "\r\n")])
def test_a_contact_file_is_read_as_it_comes(separator: str, encoding: str, end: str):
    (line,) = read_contacts(read_tables(files.contacts(separator=separator, encoding=encoding, end=end))[0])
    identity = Identity(affiliation_number="KLMNOPQ", role="demandeur")
    assert completed(identity, line) == Identity(
        affiliation_number="KLMNOPQ",
        role="demandeur",
        phone_number="+33698943200",
        email="marius.barthelemy@courriel.test",
    )


def test_another_file_given_as_contacts_says_what_it_lacks():
    with pytest.raises(
        UnreadableFile, match="pas de titre MATRICULE ni de titre ADRESSE ELECTRONIQUE DOSSIER"
    ):
        read_contacts(Table([["Nom", "NUMERO TELEPHONE DOSSIER", "NUMERO TELEPHONE 2 DOSSIER"]]))


def test_the_nir_wins_over_the_household_with_13_or_15_digits():
    nir = valid_nir(1)
    household = contact("0001234", email="foyer@courriel.test")
    (own,) = lines(NIR=nir, ADRESSE_ELECTRONIQUE_DOSSIER="elle@courriel.test")
    identity = Identity(nir=nir, affiliation_number="1234")
    assert completed(identity, household, own).email == "elle@courriel.test"


@pytest.mark.parametrize("matricule", ["12345", "0012345", "001234500000000"])
@pytest.mark.parametrize("affiliation_number", ["12345", "0012345"])
def test_zeros_that_pad_a_number_or_were_lost_do_not_count(matricule: str, affiliation_number: str):
    (line,) = lines(MATRICULE=matricule, ADRESSE_ELECTRONIQUE_DOSSIER="a@b.fr")
    assert completed(Identity(affiliation_number=affiliation_number), line).email == "a@b.fr"


def test_the_line_of_the_same_role_is_preferred_else_the_household_s_first():
    demandeur = contact("KLMNOPQ", role="DEMANDEUR", email="dem@courriel.test")
    conjoint = contact("KLMNOPQ", role="CJT", email="cjt@courriel.test")
    couple = (demandeur, conjoint)
    assert (
        completed(Identity(affiliation_number="KLMNOPQ", role="conjoint"), *couple).email
        == "cjt@courriel.test"
    )
    assert completed(Identity(affiliation_number="KLMNOPQ"), *couple).email == "dem@courriel.test"
    assert (
        completed(Identity(affiliation_number="KLMNOPQ", role="conjoint"), demandeur).email
        == "dem@courriel.test"
    )


def test_the_first_mobile_is_taken_and_a_landline_never_replaces_a_number():
    mobile_second = contact("KLMNOPQ", phones=("475792626", "698943200"))
    landline = contact("KLMNOPQ", phones=("475792626", ""))
    known = Identity(affiliation_number="KLMNOPQ", phone_number="+33612345678")
    assert completed(known, mobile_second).phone_number == "+33698943200"
    assert completed(known, landline).phone_number == "+33612345678"
    assert completed(Identity(affiliation_number="KLMNOPQ"), landline).phone_number == "+33475792626"


def test_wrong_or_absent_contacts_leave_the_row_as_it_is():
    identity = Identity(affiliation_number="KLMNOPQ", email="a@b.fr", phone_number="+33612345678")
    assert completed(identity, contact("KLMNOPQ", email="pas de mail", phones=("12", ""))) == identity
    assert completed(identity, contact("AUTREXX", email="x@y.fr")) == identity
    assert completed(Identity(), contact("", email="x@y.fr")) == Identity()


def test_contacts_are_kept_and_given_back():
    contacts = [contact("KLMNOPQ", email="a@b.fr", phones=("1", "2"))]
    assert from_json(as_json(contacts)) == contacts
