"""Files such as departments give, made here: nobody real is in them."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

# The header of a department's follow-up sheet: 29 columns, line breaks, ignored ones among them.
DROME_HEADER = (
    "N° CAF", "Civilité", "Nom bénéficiaire", "Prénom bénéficiaire", "Date de\nNaissance", "Adresse",
    "CP Ville", "Complément adresse", "Rôle", "RSA", "PA", "PE", "RQTH / AAH\nOui / Non", "Adresses\nMails",
    "N°\nTéléphones", "Commentaires", "DECISION ORIENTATION", "Date envoie du courrier",
    "Reçu en entretien le :", "Heure du rdv", "Lieu du rdv", "Chargé d'orientation",
    "Modalité de l'entretien", "1er RDV structure", "Délai RDV", "Date CER", "Délai CER", "Réorientations",
    "id iodas",
)  # fmt: skip
CONTACTS_HEADER = (
    "MATRICULE", "ROLE PERSONNE", "TYPE PERSONNE", "NIR", "NUMERO DEMANDE RSA", "DATE DEMANDE RSA",
    "DATE DEBUT DROITS - DEVOIRS", "NOM RESPONSABLE DOSSIER", "PRENOM RESPONSABLE DOSSIER",
    "NUMERO TELEPHONE DOSSIER", "NUMERO TELEPHONE 2 DOSSIER", "ADRESSE ELECTRONIQUE DOSSIER",
)  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def xlsx(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of these sheets, each a list of rows; dates are written as dates."""
    buffer = BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for rows in sheets:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    workbook.close()
    return buffer.getvalue()


def csv(*rows: Sequence[str], separator: str = ";", encoding: str = "utf-8", end: str = "\n") -> bytes:
    """A CSV without quotes."""
    return "".join(separator.join(row) + end for row in rows).encode(encoding)


def drome_row(**cells: Any) -> list[Any]:
    """A row under DROME_HEADER, by the title of each column without its line break."""
    titles = [title.replace("\n", " ") for title in DROME_HEADER]
    unknown = cells.keys() - set(titles)
    assert not unknown, unknown
    return [cells.get(title, "") for title in titles]


def drome() -> bytes:
    """Three people: one with a mail and a phone kept as a number, a couple without contacts."""
    woman = {
        "N° CAF": "ABCDEFG",
        "Civilité": "Madame",
        "Nom bénéficiaire": "Delaunay",
        "Prénom bénéficiaire": "Marine",
        "Adresse": "60 avenue de la Paix",
        "CP Ville": "26000 Valence",
        "Rôle": "demandeur",
        "Adresses Mails": "Marine.Delaunay@courriel.test",
        "N° Téléphones": 782605940.0,
        "DECISION ORIENTATION": "social",
        "Chargé d'orientation": "Mme T.",
    }
    couple = {
        "N° CAF": "KLMNOPQ",
        "Civilité": "Monsieur",
        "Adresse": "7 rue de la Gare",
        "CP Ville": "26150 Die",
    }
    first = {"Nom bénéficiaire": "Barthélemy-Roy", "Prénom bénéficiaire": "Marius", "Rôle": "demandeur"}
    second = {"Nom bénéficiaire": "Rouvière", "Prénom bénéficiaire": "Jean-Paul", "Rôle": "conjoint"}
    people = [drome_row(**cells) for cells in (woman, couple | first, couple | second)]
    return xlsx([DROME_HEADER, *people])


def contacts(*, separator: str = ",", encoding: str = "utf-8", end: str = "\n") -> bytes:
    """The CNAF contact file of the couple: the leading zero of the phone is lost."""
    line = (
        "KLMNOPQ", "DEMANDEUR", "MONSIEUR", "", "1013473008", "21/11/2011", "01/02/2012", "BARTHÉLEMY-ROY",
        "MARIUS", "698943200", "", "Marius.Barthelemy@courriel.test",
    )  # fmt: skip
    return csv(CONTACTS_HEADER, line, separator=separator, encoding=encoding, end=end)


def people(count: int, *, first: int = 0) -> bytes:
    """As many people as asked, each with a mail and an internal identifier of their own."""
    rows = [
        (f"Nom{number}", f"Prenom{number}", f"p{number}@courriel.test", f"ID{number}")
        for number in range(first, first + count)
    ]
    return csv(("Nom", "Prénom", "Mail", "id iodas"), *rows)


def with_sheet_xml(content: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook whose first sheet is altered as no software would."""
    buffer = BytesIO()
    with ZipFile(BytesIO(content)) as archive, ZipFile(buffer, "w", ZIP_DEFLATED) as altered:
        for part in archive.infolist():
            data = archive.read(part)
            altered.writestr(part.filename, data.replace(old, new) if "sheet1.xml" in part.filename else data)
    return buffer.getvalue()


def archive(**parts: bytes) -> bytes:
    """A ZIP of these parts."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()
