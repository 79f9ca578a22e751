"""The model file: every column that an organisation may give, an example, and how each is filled in."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

from rdv_insertion.imports.columns import offered_fields
from rdv_insertion.territory.models import Organisation

_REQUIRED = frozenset({"last_name", "first_name"})
# A spreadsheet eats the zeros of what looks like a number: these columns are texts for it.
_TEXTS = frozenset(
    {"affiliation_number", "nir", "department_internal_id", "france_travail_id", "phone_number"}
    | {"postcode_and_town", "address", "address_complement"}
)
_CHOICES: Mapping[str, Sequence[str]] = {
    "title": ("Madame", "Monsieur"),
    "role": ("Demandeur", "Conjoint"),
}
_WIDE = {"address": 32, "address_complement": 24, "email": 32, "referent_email": 30, "organisation": 30}
_WIDTH = 20
_CHOICES_DOWN_TO = 10_000
# Attribute → what the example row says, and what the column accepts. Tags, referents and ends of rights are
# left blank in the example: they would have something made, or somebody struck off.
_EXPLAINED: Mapping[str, tuple[str | date, str]] = {
    "title": ("Madame", "Madame ou Monsieur ; M., Mme, MR sont compris."),
    "last_name": ("Exemple", "Le nom d'usage. Indispensable."),
    "first_name": ("Camille", "Le prénom. Indispensable."),
    "birth_name": ("Exemple", "S'il est différent du nom d'usage."),
    "birth_date": (date(1985, 3, 12), "12/03/1985, 1985-03-12 ou 12 mars 1985."),
    "role": ("Demandeur", "Demandeur ou Conjoint ; DEM et CJT sont compris."),
    "affiliation_number": ("1234567", "Le numéro d'allocataire de la CAF ou de la MSA, avec le rôle."),
    "nir": (
        "2 85 03 26 999 001 30",
        "Le numéro de sécurité sociale : 13 chiffres, ou 15 avec la clé. Gardez la colonne au format Texte.",
    ),
    "department_internal_id": ("A-000123", "L'identifiant de la personne dans le logiciel du département."),
    "france_travail_id": ("1234567A", "L'identifiant de la personne à France Travail."),
    "email": ("camille@exemple.invalid", "Une seule adresse par personne."),
    "phone_number": (
        "04 65 71 00 12",
        "Un numéro de France ou d'outre-mer. Le zéro qu'un tableur a enlevé est remis.",
    ),
    "address": (
        "12 rue de l'Exemple",
        "Le numéro et la rue, ou l'adresse entière. Elle peut être en plusieurs colonnes.",
    ),
    "address_complement": ("Bâtiment B", "Bâtiment, étage, lieu-dit…"),
    "postcode_and_town": (
        "26000 Valence",
        "Le code postal et la ville, ensemble ou dans deux colonnes. Le secteur en dépend.",
    ),
    "rights_opening_date": (date(2026, 1, 1), "01/01/2026, 2026-01-01 ou 1er janvier 2026."),
    "tags": ("", "Un ou plusieurs, séparés par des virgules. Un tag inconnu est créé si vous le demandez."),
    "referent_email": ("", "L'adresse mail de l'agent qui suit la personne."),
    "organisation": ("", "Le nom de celle qui suivra la personne ; vide pour celle de l'import."),
    "rights_end_date": (
        "",
        "À remplir seulement si les droits sont terminés : la personne est alors montrée à part, et "
        "n'est pas invitée.",
    ),
}  # fmt: skip
_NOTES = (
    "Une ligne de titres, puis une personne par ligne. Effacez la ligne d'exemple avant l'envoi.",
    "Vous pouvez enlever des colonnes, changer leur ordre et en ajouter d'autres.",
    "Chaque personne a besoin d'un nom, d'un prénom, et d'au moins une de ces informations : {keys}.",
    "Une case vide n'efface jamais ce qui est déjà enregistré.",
)


@dataclass(frozen=True)
class ModelColumn:
    """A column of the model: what it holds, its title, what the example says, and what it accepts."""

    attribute: str
    title: str
    example: str | date
    accepts: str

    @property
    def example_text(self) -> str:
        """The example as somebody would type it."""
        return f"{self.example:%d/%m/%Y}" if isinstance(self.example, date) else self.example


def model_columns(organisation: Organisation) -> list[ModelColumn]:
    """The columns that this organisation may give, in the order in which people fill them in."""
    offered = offered_fields(organisation.organisation_type)
    return [
        ModelColumn(attribute, offered[attribute], example, accepts)
        for attribute, (example, accepts) in _EXPLAINED.items()
        if attribute in offered
    ]


def as_csv(organisation: Organisation) -> bytes:
    """The model as a CSV that spreadsheets open as they should: `;`, and UTF-8 with its mark."""
    columns = model_columns(organisation)
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.title for column in columns])
    writer.writerow([column.example_text for column in columns])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(organisation: Organisation) -> bytes:
    """The model as an Excel workbook, with its instructions on a second sheet."""
    columns = model_columns(organisation)
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    _add_people(book, columns)
    _add_instructions(book, columns)
    book.close()
    return buffer.getvalue()


def _add_people(book: Any, columns: Sequence[ModelColumn]) -> None:
    sheet = book.add_worksheet("Personnes")
    head = book.add_format({"bold": True, "bg_color": "#e3e3fd", "bottom": 1, "text_wrap": True})
    text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        dated = isinstance(column.example, date) or column.attribute == "rights_end_date"
        shape = day if dated else text if column.attribute in _TEXTS else None
        sheet.set_column(place, place, _WIDE.get(column.attribute, _WIDTH), shape)
        sheet.write_string(0, place, column.title, head)
        if isinstance(column.example, date):
            sheet.write_datetime(1, place, column.example, day)
        elif column.example:
            sheet.write_string(1, place, column.example, shape)
        if column.attribute in _CHOICES:
            # Other ways of writing it stay possible: they are understood.
            source = list(_CHOICES[column.attribute])
            choice = {"validate": "list", "source": source, "error_type": "information"}
            sheet.data_validation(1, place, _CHOICES_DOWN_TO, place, choice)


def _add_instructions(book: Any, columns: Sequence[ModelColumn]) -> None:
    sheet = book.add_worksheet("Mode d'emploi")
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "bg_color": "#e3e3fd", "bottom": 1})
    top = book.add_format({"valign": "top"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 16)
    sheet.set_column(2, 2, 80)
    sheet.set_column(3, 3, 26)
    sheet.write_string(0, 0, "Comment remplir ce fichier", bold)
    notes = [note.format(keys=_keys(columns)) for note in _NOTES]
    for number, note in enumerate(notes, start=1):
        sheet.write_string(number, 0, note)
    first = len(notes) + 2
    for place, title in enumerate(("Colonne", "Obligatoire", "Ce qu'elle accepte", "Exemple")):
        sheet.write_string(first, place, title, head)
    for number, column in enumerate(columns, start=first + 1):
        sheet.write_string(number, 0, column.title, top)
        sheet.write_string(number, 1, "oui" if column.attribute in _REQUIRED else "non", top)
        sheet.write_string(number, 2, column.accepts, wrapped)
        sheet.write_string(number, 3, column.example_text, top)


def _keys(columns: Sequence[ModelColumn]) -> str:
    """What tells a person from another, among the columns of this model, as words."""
    words = {
        "nir": "le NIR",
        "department_internal_id": "l'identifiant interne",
        "email": "l'adresse mail",
        "phone_number": "le téléphone",
        "affiliation_number": "le numéro CAF ou MSA avec le rôle",
    }
    held = {column.attribute for column in columns}
    return ", ".join(word for attribute, word in words.items() if attribute in held)
