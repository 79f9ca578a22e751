"""What the columns of a file mean: guessed from names seen in the field, corrected by an agent."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel.text import fold
from rdv_insertion.usagers.identity import LABELS

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

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "title": ("civilite", "qualite", "qual", "titre", "m mme", "type personne", "genre", "sexe"),
    "last_name": ("nom", "nom beneficiaire", "nom de famille", "nom usage", "nom d usage", "nom allocataire",
                  "nom usager", "nom marital", "nom du beneficiaire", "nom responsable dossier"),
    "first_name": ("prenom", "prenoms", "prenom beneficiaire", "prenom s", "prenom allocataire", "prenom usager",
                   "prenom du beneficiaire", "prenom responsable dossier"),
    "birth_name": ("nom de naissance", "nom naissance", "nom de jeune fille", "nomnai", "nom jeune fille"),
    "birth_date": ("date de naissance", "date naissance", "ne e le", "ne le", "nee le", "naissance", "dtnai",
                   "ddn", "date de naiss"),
    "role": ("role", "role personne", "role beneficiaire", "role dans le foyer", "dem cjt", "rolepers"),
    "affiliation_number": ("numero caf", "numero allocataire", "caf", "matricule", "numero msa", "numero caf msa",
                           "numero d allocataire", "numero affiliation", "numero d affiliation", "allocataire",
                           "numero caf ou msa", "numero de dossier caf"),
    "nir": ("nir", "numero de securite sociale", "numero securite sociale", "numero ss", "numero secu",
            "securite sociale"),
    "department_internal_id": ("id iodas", "iodas", "numero iodas", "id solis", "numero solis", "id interne",
                               "identifiant interne", "id departement", "id editeur", "identifiant iodas",
                               "numero interne", "id"),
    "france_travail_id": ("id france travail", "identifiant france travail", "numero france travail",
                          "identifiant pole emploi", "numero pole emploi", "id pole emploi", "id pe"),
    "email": ("mail", "email", "e mail", "adresse mail", "adresses mails", "adresse email", "adresse e mail",
              "mails", "courriel", "adresse electronique", "adresse electronique dossier", "adresses mail"),
    "phone_number": ("telephone", "tel", "telephones", "numero telephones", "numero telephone", "portable",
                     "mobile", "telephone portable", "numero de telephone", "numeros telephones", "tel portable",
                     "telephone mobile", "numero tel", "numeros de telephone", "numero telephone dossier"),
    "address": ("adresse", "adresse postale", "rue", "numero et rue", "voie", "adresse 1", "adresse complete",
                "numero et nom de rue"),
    "address_complement": ("complement adresse", "complement d adresse", "adresse 2", "complement",
                           "adresse complement"),
    "postcode_and_town": ("cp ville", "code postal", "cp", "ville", "commune", "code postal ville", "localite",
                          "code postal et ville", "cp et ville"),
    "rights_opening_date": ("date d ouverture des droits", "date ouverture droits", "date debut droits devoirs",
                            "ouverture des droits", "date d entree rsa", "date droits"),
    "tags": ("tags", "tag", "etiquettes", "etiquette"),
    "referent_email": ("referent", "mail referent", "email referent", "adresse mail du referent",
                       "adresse mail referent"),
}  # fmt: skip
_BY_NAME = {name: attribute for attribute, names in _SYNONYMS.items() for name in names}
_HEADER_SEARCHED_IN = 15


@dataclass(frozen=True)
class Header:
    """Where the header is (row number from 0) and what it says."""

    row: int
    names: list[str]

    @property
    def fingerprint(self) -> str:
        """Equal for headers that differ by accents, case or line breaks only."""
        return hashlib.sha256("|".join(_key(name) for name in self.names).encode()).hexdigest()


def find_header(table: Table) -> Header:
    """The first row that names a person: a last name or a first name at least. Raises UnreadableFile."""
    for number, row in enumerate(table.rows[:_HEADER_SEARCHED_IN]):
        found = {attribute_named(name) for name in row}
        if {"last_name", "first_name"} & found and len(found - {""}) > 1:
            return Header(number, row)
    filled = next((row for row in table.rows if sum(map(bool, row)) > 1), None)
    if filled is None:
        raise UnreadableFile(
            "Ce fichier n'a pas d'en-tête utilisable : il faut une ligne de titres, avec plusieurs colonnes."
        )
    return Header(table.rows.index(filled), filled)


def attribute_named(name: str) -> str:
    """The attribute that a column with this name holds, or an empty string."""
    return _BY_NAME.get(_key(name), "")


def guess(header: Header) -> list[str]:
    """The attribute of each column, empty where the column is ignored."""
    return [attribute_named(name) for name in header.names]


def _key(name: str) -> str:
    """Accents, case, line breaks and the ways of writing "number" do not count."""
    numbered = re.sub(r"\b(n\s*[°º]|num\b\.?|nbr?o?\b)", "numero ", name.lower())
    return re.sub(r"\b(numero|nos) +", "numero ", fold(numbered)).strip()


def check(header: Header, columns: Sequence[str]) -> None:
    """Raise UnreadableFile when the columns cannot be read as people."""
    missing = [FIELD_LABELS[name] for name in ("last_name", "first_name") if name not in columns]
    if missing:
        raise UnreadableFile(
            f"Aucune colonne ne donne : {', '.join(missing)}. Indiquez quelle colonne les contient, "
            f"ou vérifiez que la ligne {header.row + 1} du fichier est bien celle des titres."
        )
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, attribute in enumerate(columns):
        if attribute and attribute not in _MAY_REPEAT:
            places[attribute].append(place)
    for attribute, several in places.items():
        if len(several) > 1:
            letters = " et ".join(column_letter(place) for place in several)
            raise UnreadableFile(
                f"Les colonnes {letters} donnent toutes « {FIELD_LABELS[attribute]} » "
                f"(titre : « {' '.join(header.names[several[0]].split())} »). Gardez-en une et ignorez les autres."
            )


def column_letter(place: int) -> str:
    """`A` for the first column, `AB` for the 28th, as spreadsheets name them."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
