"""The CNAF flow of beneficiaries: who is read of it, and what is said of one that cannot be."""

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import pytest

from benchmarks.flow import write_flow
from rdv_insertion.imports import columns
from rdv_insertion.imports.read import TITLES, Reading, UnreadableFile, flow_rows, read_file
from rdv_insertion.imports.read import flow as flow_module
from tests.imports import files


def people(content: bytes) -> list[dict[str, str]]:
    """The rows by title."""
    return [dict(zip(TITLES, row, strict=True)) for row in flow_rows(BytesIO(content))]


def of_one(household: str) -> dict[str, str]:
    [person] = people(files.flow(household))
    return person


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as raised:
        list(flow_rows(BytesIO(content)))
    return str(raised.value)


def test_a_person_subject_to_rights_and_duties_is_read_whole():
    [person] = people(files.flow())
    assert person == {
        "Civilité": "MME",
        "Nom": "Marchand",
        "Prénom": "Élodie",
        "Nom de naissance": "Perrin",
        "Date de naissance": "1985-04-03",
        "Rôle": "DEM",
        "Numéro CAF": "123456700000000",
        "NIR": "2850426362045",
        "Adresse": "12 B RUE DE LA FORÊT",
        "Complément d'adresse": "CHEZ MME ROY, BÂT B, LES BLACHES",
        "Code postal et ville": "26150 DIE",
        "Date d'ouverture des droits": "2026-02-01",
        "Date de demande du RSA": "2026-01-15",
        "Fin des droits": "",
    }


def test_its_titles_are_columns_that_an_import_recognises():
    recognised = {columns.attribute_named(title) for title in TITLES}
    assert recognised >= {
        "title", "last_name", "first_name", "birth_name", "birth_date", "role", "affiliation_number", "nir",
        "address", "address_complement", "postcode_and_town", "rights_opening_date",
    }  # fmt: skip


def test_both_of_a_couple_are_read_and_never_their_children_nor_others():
    household = files.flow_household(
        files.flow_person(first_name="Ana", role="DEM"),
        files.flow_person(first_name="Bob", role="CJT"),
        files.flow_person(first_name="Cleo", role="ENF"),
        files.flow_person(first_name="Dan", role="AUT"),
    )
    assert [(one["Prénom"], one["Rôle"]) for one in people(files.flow(household))] == [
        ("Ana", "DEM"), ("Bob", "CJT"),
    ]  # fmt: skip


@pytest.mark.parametrize(("subject", "read"), [("1", 1), ("true", 1), ("0", 0), ("false", 0), ("", 0)])
def test_only_those_subject_to_rights_and_duties_are_read(subject: str, read: int):
    assert len(people(files.flow(files.flow_household(files.flow_person(subject=subject))))) == read


def test_the_role_is_that_of_the_rsa_whatever_the_order_of_benefits():
    """The other benefits of the test's people say AUT, and come first."""
    content = files.flow(files.flow_household(files.flow_person(role="ENF")))
    assert people(content.replace(b"<ROLEPERS>AUT", b"<ROLEPERS>DEM")) == []


def test_a_title_that_is_absent_is_told_by_the_sex():
    assert of_one(files.flow_household(files.flow_person(title="", sex="1")))["Civilité"] == "MR"


def test_the_latest_address_is_the_one_of_the_first_rank():
    former = files.FRENCH_ADDRESS.replace("26150", "38000")
    household = files.flow_household(
        files.flow_person(), addresses=[("02", former), ("01", files.FRENCH_ADDRESS)]
    )
    assert of_one(household)["Code postal et ville"] == "26150 DIE"


def test_a_postcode_gets_back_the_zero_that_a_number_loses():
    address = files.FRENCH_ADDRESS.replace("26150", "1000")
    household = files.flow_household(files.flow_person(), addresses=[("01", address)])
    assert of_one(household)["Code postal et ville"] == "01000 DIE"


def test_an_address_abroad_is_read_by_its_lines():
    lines = "".join(
        f"<LIBLIG{number}ADR>{text}</LIBLIG{number}ADR>"
        for number, text in enumerate(("A", "B", "3 RUE HAUTE", "", "1000 BRUXELLES", "BELGIQUE"), start=2)
    )
    household = files.flow_household(
        files.flow_person(), addresses=[("01", f"<AdresseHorsFrance>{lines}</AdresseHorsFrance>")]
    )
    person = of_one(household)
    assert [person[title] for title in TITLES[8:11]] == ["3 RUE HAUTE", "A, B", "1000 BRUXELLES BELGIQUE"]


def test_rights_open_on_the_first_day_of_those_computed():
    rights = "".join(
        f"<DetailCalculDroitRSA><NATPF>RSD</NATPF><SOUSNATPF>RSDN1</SOUSNATPF><DDNATDRO>{day}</DDNATDRO>"
        "</DetailCalculDroitRSA>"
        for day in ("2026-03-01", "2026-02-15+01:00")
    )
    opened = of_one(files.flow_household(files.flow_person(), rights=rights))["Date d'ouverture des droits"]
    assert opened == "2026-02-15"


_EARLIER_MONTH = "<FinDroitMoisAnterieur><DTCLORSA>2025-12-01</DTCLORSA></FinDroitMoisAnterieur>"


@pytest.mark.parametrize(
    ("situation", "end"),
    [
        ({"state": "0"}, ""),
        ({"state": "3"}, ""),
        ({"state": "4"}, ""),
        ({"state": "5", "ending": "<FinDroit><DTCLORSA>2026-02-10</DTCLORSA></FinDroit>"}, "2026-02-10"),
        (
            {"state": "6", "ending": _EARLIER_MONTH},
            "2025-12-01",
        ),
        ({"state": "5"}, "Droits terminés"),
        ({"state": "1", "ending": "<Refus><DTREFURSA>2026-02-03</DTREFURSA></Refus>"}, "2026-02-03"),
        ({"state": "1"}, "Demande refusée"),
        ({"moved": "2026-03-01"}, "2026-03-01"),
        ({"moved": "2026-04-01"}, ""),
    ],
)  # fmt: skip
def test_a_household_whose_rights_ended_says_when(situation: dict[str, Any], end: str):
    assert of_one(files.flow_household(files.flow_person(), **situation))["Fin des droits"] == end


@pytest.mark.parametrize(("left_on", "end"), [("2026-03-05", "2026-03-05"), ("2026-03-06", ""), ("", "")])
def test_a_person_who_left_the_household_before_the_flow_was_made_has_no_rights_in_it(left_on: str, end: str):
    assert of_one(files.flow_household(files.flow_person(left_on=left_on)))["Fin des droits"] == end


def test_a_flow_says_what_it_is():
    flow = read(files.flow()).flow
    assert flow is not None
    assert (flow.type, flow.created_on, flow.reference_date) == ("M", date(2026, 3, 5), date(2026, 2, 28))
    assert (flow.households, flow.announced) == (1, 1)
    assert flow.label == "Flux mensuel du 5 mars 2026"


def test_a_flow_of_new_entrants_is_a_daily_one():
    flow = read(files.flow(kind="I")).flow
    assert flow is not None
    assert flow.label == "Flux quotidien du 5 mars 2026"


def read(content: bytes) -> Reading:
    return read_file(BytesIO(content), size=len(content))


def test_a_flow_is_recognised_by_its_content_and_read_as_one_table():
    [table] = read(b"\xef\xbb\xbf" + files.flow(encoding="utf-8")).tables
    assert table.rows[0] == list(TITLES)
    assert table.rows[1][1:3] == ["Marchand", "Élodie"]


def test_a_flow_without_a_declaration_after_a_comment_is_recognised():
    content = files.flow(encoding="utf-8").partition(b"\n")[2]
    assert read(b"\n<!-- flux -->\n" + content).flow is not None


def test_a_workbook_through_the_same_door_is_no_flow():
    reading = read(files.drome())
    assert reading.flow is None
    assert len(reading.tables[0].rows) == 4


def test_a_flow_larger_than_any_other_file_is_read():
    content = BytesIO()
    expected = write_flow(content, 21 * 1024 * 1024)
    content.seek(0)
    reading = read_file(content, size=content.getbuffer().nbytes)
    assert len(reading.tables[0].rows) == expected + 1


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    class Watched(BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            self.taken += len(content)
            return content

    stream = Watched(b"Nom;Mail\n" * 10_000_000)
    with pytest.raises(UnreadableFile, match="pèse 85 Mo"):
        read_file(stream, size=90_000_000)
    assert stream.taken < 100_000


def test_elements_that_nobody_declared_are_ignored():
    content = files.flow().replace(b"<SEXE>", b"<NOUVEAU><A><B/></A></NOUVEAU><SEXE>")
    assert len(people(content)) == 1


@pytest.mark.parametrize(
    ("old", "new", "element", "complaint"),
    [
        ("1985-04-03", "1985-13-03", "DTNAI", "une date est attendue"),
        ("1985-04-03", "", "DTNAI", "une date est attendue"),
        ("<NOM>Marchand</NOM>", "", "Identification", "il y manque l'élément NOM"),
        ("<NOM>Marchand</NOM>", "<NOM>A</NOM><NOM>B</NOM>", "NOM", "présent plusieurs fois"),
        ("Marchand", "M" * 29, "NOM", "28 caractères au plus, il y en a 29"),
        ("Marchand", "<B>x</B>", "NOM", "du texte seul est attendu"),
        ("123456700000000", "ABC", "MATRICULE", "un nombre de 15 chiffres au plus"),
        ("123456700000000", "1234567000000001", "MATRICULE", "un nombre de 15 chiffres au plus"),
        (">1</TOPPERS", ">oui</TOPPERS", "TOPPERSDRODEVORSA", "0 ou 1 est attendu"),
        ("<NATPREST>PFA", "<NATPREST>PFAM", "NATPREST", "3 caractères au plus"),
        ("<CODEPOS>26150", "<CODEPOS>2A004", "CODEPOS", "un nombre de 5 chiffres"),
        ("<DTREF>2026-02-28</DTREF>", "", "IdentificationFlux", "il y manque l'élément DTREF"),
    ],
)  # fmt: skip
def test_what_breaks_the_schema_is_named_with_its_line_and_element(
    old: str, new: str, element: str, complaint: str
):
    text = files.flow().decode("cp1252").replace(old, new)
    assert text != files.flow().decode("cp1252")
    line = text[: text.index(f"<{element}>")].count("\n") + 1
    said = refusal(text.encode("cp1252"))
    assert f"ligne {line}, élément {element} : " in said
    assert complaint in said


def test_one_benefit_instead_of_two_breaks_the_schema():
    content = files.flow().replace(
        b"<Prestations><NATPREST>PFA</NATPREST><ROLEPERS>AUT</ROLEPERS><TOPCHAPERS>0</TOPCHAPERS></Prestations>",
        b"",
    )
    assert "élément Personne : il contient 1 éléments Prestations au lieu de 2" in refusal(content)


@pytest.mark.parametrize("blank", [0, 70_000, 200_000])
def test_the_line_is_right_in_a_flow_of_any_length(blank: int):
    """Libxml2 counts up to 65 535 lines by itself."""
    household = files.flow_household(files.flow_person()).replace("1985-04-03", "")
    valid = files.flow_household(files.flow_person())
    content = files.flow(*[valid] * 3, "\n" * blank, household)
    line = content[: content.index(b"<DTNAI></DTNAI>")].count(b"\n") + 1
    assert f"ligne {line}, élément DTNAI : " in refusal(content)


def test_the_line_of_an_element_that_lacks_another_is_right_far_down_too():
    household = files.flow_household(files.flow_person()).replace("<NOM>Marchand</NOM>", "")
    content = files.flow("\n" * 70_000, household)
    line = content[: content.index(b"<Identification>")].count(b"\n") + 1
    assert f"ligne {line}, élément Identification : " in refusal(content)


def test_what_a_flow_says_of_somebody_is_never_repeated_in_a_refusal():
    content = files.flow().replace(b"1985-04-03", b"Marchand1985")
    assert "Marchand" not in refusal(content)


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.5, 0.9, 0.99])
def test_a_truncated_flow_is_said_to_be_incomplete(kept: float):
    content = files.flow(*[files.flow_household(files.flow_person())] * 3)
    assert "incomplet" in refusal(content[: int(len(content) * kept)])


def test_a_flow_cut_between_two_households_is_said_to_be_incomplete():
    content = files.flow()
    end = content.index(b"<TransmissionFlux>")
    assert "il y manque l'élément TransmissionFlux" in refusal(content[:end] + b"</Racine>")


def test_what_is_not_well_formed_is_named_with_its_line():
    content = files.flow().replace(b"</PRENOM>", b"</PRENON>")
    line = content[: content.index(b"</PRENON>")].count(b"\n") + 1
    assert f"abîmé : à la ligne {line}, ce n'est plus du XML" in refusal(content)


@pytest.mark.parametrize("bad", [b"&nbsp;", b"<", b"\x01", b"\x81"])
def test_what_is_no_xml_is_refused(bad: bytes):
    said = refusal(files.flow().replace(b"Marchand", bad))
    assert re.search(r"abîmé : à la ligne \d+,", said)


def test_something_after_the_end_is_refused():
    assert "abîmé" in refusal(files.flow() + b"<Racine>")


@pytest.mark.parametrize("encoding", ["klingon", "utf-7", "utf-16"])
def test_an_encoding_that_is_not_the_one_declared_is_refused(encoding: str):
    assert refusal(files.flow().replace(b"windows-1252", encoding.encode()))


_BOMB = (
    b'<!DOCTYPE Racine [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "declaration",
    [
        b"<!DOCTYPE Racine>",
        b'<!DOCTYPE Racine SYSTEM "http://127.0.0.1:9/flux.dtd">',
        b'<!DOCTYPE Racine [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE Racine [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
        _BOMB,
    ],
)
def test_any_declaration_of_entities_is_refused(declaration: bytes):
    content = files.flow().replace(b"<Racine>", declaration + b"<Racine>").replace(b"Marchand", b"&x;")
    assert "DOCTYPE" in refusal(content)
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read(content)


def test_a_declaration_hidden_by_an_encoding_is_refused():
    content = '<?xml version="1.0" encoding="utf-7"?>' + "+ADwAIQ-DOCTYPE Racine []+AD4-<Racine></Racine>"
    assert refusal(content.encode())


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?>\n<Envelope><Racine/></Envelope>',
        b'<?xml version="1.0"?><InfosFoyerRSA/>',
        b'<?xml version="1.0"?><Racine xmlns="urn:autre"><IdentificationFlux/></Racine>',
    ],
)
def test_another_xml_is_said_to_be_no_flow(content: bytes):
    with pytest.raises(UnreadableFile, match="n'est pas un flux de bénéficiaires du RSA de la CNAF"):
        read(content)


def test_an_xml_without_any_element_of_a_flow_is_incomplete():
    assert "il y manque l'élément IdentificationFlux" in refusal(b"<Racine><A/><B/></Racine>")


def test_a_household_before_the_header_breaks_the_schema():
    content = (
        b"<Racine>\n" + files.flow_household(files.flow_person()).encode("ascii", "ignore") + b"</Racine>"
    )
    assert "ligne 2, élément InfosFoyerRSA : il devrait suivre l'élément IdentificationFlux" in refusal(
        content
    )


def test_a_household_inside_another_breaks_the_schema():
    content = files.flow(files.flow_household(files.flow_household(files.flow_person())))
    assert "il devrait être directement dans l'élément Racine" in refusal(content)


class Endless(BytesIO):
    """The beginning of a flow, then the same bytes for ever."""

    def __init__(self, start: bytes, again: bytes) -> None:
        super().__init__()
        self._chunks: Iterator[bytes] = chain([start], repeat(again * (64 * 1024 // len(again))))
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = next(self._chunks)
        self.taken += len(chunk)
        return chunk


@pytest.mark.parametrize(
    "again",
    [b"<a/>", b"<A>x</A>\n", b"<Personne></Personne>", b"texte ", b"<!-- x -->", b"<a>"],
)
@pytest.mark.parametrize("inside", [b"", b"<InfosFoyerRSA>"])
def test_what_never_ends_is_refused_before_memory_is_at_stake(again: bytes, inside: bytes):
    start = files.flow().partition(b"<InfosFoyerRSA>")[0] + inside
    stream = Endless(start, again)
    with pytest.raises(UnreadableFile, match="démesuré|abîmé"):
        list(flow_rows(stream))
    assert stream.taken < 3 * 1024 * 1024


def test_more_people_than_a_flow_may_hold_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(flow_module, "MAX_FLOW_PEOPLE", 3)
    content = files.flow(*[files.flow_household(files.flow_person())] * 4)
    assert "dépasse 3 personnes" in refusal(content)
