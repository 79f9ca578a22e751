"""What the columns of a file mean: guessed from names seen in the field, corrected by an agent."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel.text import fold, squish
from rdv_insertion.usagers.identity import LABELS, forbidden_attributes

# Attributes of an import beyond the identity; the address may be spread over several columns.
ADDRESS_PARTS = ("address", "address_complement", "postcode_and_town")
FIELD_LABELS: dict[str, str] = {
    **LABELS,
    "address": "Adresse (numéro et rue)",
    "address_complement": "Complément d'adresse",
    "postcode_and_town": "Code postal et ville",
    "tags": "Tags",
    "referent_email": "Adresse mail du référent",
}
_MAY_REPEAT = frozenset({"address", "address_complement", "postcode_and_town", "tags"})

# Names seen in the field, as `name_key` writes them, the most usual first.
_NAMES_SEEN = {
    "title": "civilite, qualite, qual, titre, m mme, type personne, genre, sexe",
    "last_name": (
        "nom, nom beneficiaire, nom de famille, nom usage, nom d usage, nom allocataire, nom usager, nom "
        "marital, nom du beneficiaire, nom responsable dossier"
    ),
    "first_name": (
        "prenom, prenoms, prenom beneficiaire, prenom s, prenom allocataire, prenom usager, prenom du "
        "beneficiaire, prenom responsable dossier"
    ),
    "birth_name": "nom de naissance, nom naissance, nom de jeune fille, nomnai, nom jeune fille",
    "birth_date": (
        "date de naissance, date naissance, ne e le, ne le, nee le, naissance, dtnai, ddn, date de naiss"
    ),
    "role": "role, role personne, role beneficiaire, role dans le foyer, dem cjt, rolepers",
    "affiliation_number": (
        "numero caf, numero allocataire, caf, matricule, numero msa, numero caf msa, numero d allocataire, "
        "numero affiliation, numero d affiliation, allocataire, numero caf ou msa, numero de dossier caf"
    ),
    "nir": (
        "nir, numero de securite sociale, numero securite sociale, numero ss, numero secu, securite sociale"
    ),
    "department_internal_id": (
        "id iodas, iodas, numero iodas, id solis, numero solis, id interne, identifiant interne, id "
        "departement, id editeur, identifiant iodas, numero interne, id"
    ),
    "france_travail_id": (
        "id france travail, identifiant france travail, numero france travail, identifiant pole emploi, "
        "numero pole emploi, id pole emploi, id pe"
    ),
    "email": (
        "mail, email, e mail, adresse mail, adresses mails, adresse email, adresse e mail, mails, courriel, "
        "adresse electronique, adresse electronique dossier, adresses mail"
    ),
    "phone_number": (
        "telephone, tel, telephones, numero telephones, numero telephone, portable, mobile, telephone "
        "portable, numero de telephone, numeros telephones, tel portable, telephone mobile, numero tel, "
        "numeros de telephone, numero telephone dossier"
    ),
    "address": (
        "adresse, adresse postale, rue, numero et rue, voie, adresse 1, adresse complete, numero et nom de "
        "rue"
    ),
    "address_complement": (
        "complement adresse, complement d adresse, adresse 2, complement, adresse complement"
    ),
    "postcode_and_town": (
        "cp ville, code postal, cp, ville, commune, code postal ville, localite, code postal et ville, cp "
        "et ville"
    ),
    "rights_opening_date": (
        "date d ouverture des droits, date ouverture droits, date debut droits devoirs, ouverture des "
        "droits, date d entree rsa, date droits"
    ),
    "tags": "tags, tag, etiquettes, etiquette",
    "referent_email": "mail referent, email referent, adresse mail du referent, adresse mail referent",
}
# Name → the attribute it means, and how usual it is (0 is the most).
_RANKS = {
    name: (attribute, rank)
    for attribute, label in FIELD_LABELS.items()
    for rank, name in reversed(
        list(enumerate([*_NAMES_SEEN.get(attribute, "").split(", "), fold(label), fold(attribute)]))
    )
    if name
}
_HEADER_SEARCHED_IN = 15


@dataclass(frozen=True)
class Header:
    """Where the header is (row number from 0) and what it says."""

    row: int
    names: list[str]

    @property
    def fingerprint(self) -> str:
        """Equal for headers that differ by accents, case or line breaks only."""
        return hashlib.sha256("|".join(map(name_key, self.names)).encode()).hexdigest()


def find_header(tables: Sequence[Table]) -> tuple[Table, Header]:
    """The first sheet with a row of titles that names people, and that row; failing that, the first row of
    the first sheet that looks like titles. Raises UnreadableFile when none does.
    """
    for table in tables:
        for number, row in enumerate(table.rows[:_HEADER_SEARCHED_IN]):
            found = {attribute_named(name) for name in row}
            if {"last_name", "first_name"} & found and len(found - {""}) > 1:
                return table, Header(number, row)
    table = tables[0]
    filled = next((place for place, row in enumerate(table.rows) if sum(map(bool, row)) > 1), None)
    if filled is None:
        raise UnreadableFile(
            "Ce fichier n'a pas d'en-tête utilisable : il faut une ligne de titres, avec plusieurs colonnes."
        )
    return table, Header(filled, table.rows[filled])


def attribute_named(name: str) -> str:
    """The attribute that a column with this name holds, or an empty string."""
    attribute, _ = _RANKS.get(name_key(name), ("", 0))
    return attribute


def guess(header: Header, organisation_type: str) -> list[str]:
    """The attribute of each column, empty where it is ignored or not for this type of organisation.

    Of two different titles for one attribute (`Nom d'usage`, `Nom`), the most usual one is taken; two
    columns of one title are both kept, for `check` to refuse: nobody but an agent can tell which is right.
    """
    allowed = offered_fields(organisation_type)
    named = [_RANKS.get(name_key(name), ("", 0)) for name in header.names]
    best: dict[str, int] = {}
    for attribute, rank in named:
        best[attribute] = min(rank, best.get(attribute, rank))
    return [
        attribute if attribute in allowed and (attribute in _MAY_REPEAT or rank == best[attribute]) else ""
        for attribute, rank in named
    ]


def offered_fields(organisation_type: str) -> dict[str, str]:
    """What a column may hold for this type of organisation, with its label."""
    forbidden = forbidden_attributes(organisation_type)
    return {name: label for name, label in FIELD_LABELS.items() if name not in forbidden}


def name_key(name: str) -> str:
    """Accents, case, line breaks and the ways of writing "number" do not count."""
    numbered = re.sub(r"\bn\s*[°º]|№|\bnum\b", "numero ", name.lower())
    return re.sub(r"^(numeros|nos|no|n) ", "numero ", fold(numbered))


def check(header: Header, columns: Sequence[str]) -> None:
    """Raise UnreadableFile when the columns cannot be read as people."""
    missing = [FIELD_LABELS[name] for name in ("last_name", "first_name") if name not in columns]
    if missing:
        raise UnreadableFile(
            f"Aucune colonne ne donne : {', '.join(missing)}. Indiquez quelle colonne les contient, "
            f"ou vérifiez que la ligne {header.row + 1} du fichier est bien celle des titres."
        )
    for attribute, places in repeated(columns).items():
        titles = " et ".join(f"{column_letter(place)} « {squish(header.names[place])} »" for place in places)
        raise UnreadableFile(
            f"{len(places)} colonnes donnent « {FIELD_LABELS[attribute]} » : {titles}. "
            "Gardez-en une et n'importez pas les autres."
        )


def repeated(columns: Iterable[str]) -> dict[str, list[int]]:
    """The attributes that several columns give though one only may, with the places of those columns."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, attribute in enumerate(columns):
        if attribute and attribute not in _MAY_REPEAT:
            places[attribute].append(place)
    return {attribute: several for attribute, several in places.items() if len(several) > 1}


def column_letter(place: int) -> str:
    """`A` for the first column, `AB` for the 28th, as spreadsheets name them."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
