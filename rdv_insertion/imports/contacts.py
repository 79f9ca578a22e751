"""The CNAF contact file: mails and phones of households, added to the rows of another file.

Columns and rules: reference/rdv_insertion.md § 2.6. The phone and mail are those of the household's file,
so they serve each of its people; a line for the same role is preferred when there is one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rdv_insertion.imports.columns.names import name_key
from rdv_insertion.imports.read import Table, UnreadableFile
from rdv_insertion.kernel import phone
from rdv_insertion.usagers import values
from rdv_insertion.usagers.identity import Identity

_MATRICULE, _EMAIL, _ROLE, _NIR = "matricule", "adresse electronique dossier", "role personne", "nir"
_PHONES = ("numero telephone dossier", "numero telephone 2 dossier")
_REQUIRED = (_MATRICULE, _EMAIL, *_PHONES)
_PADDED_LENGTH, _NIR_LENGTH = 7, 13


@dataclass(frozen=True)
class Contact:
    """One line of the contact file, as text."""

    matricule: str
    nir: str
    role: str
    email: str
    phones: tuple[str, str]


def read_contacts(table: Table) -> list[Contact]:
    """The lines of a contact file. Raises UnreadableFile when it is not one."""
    places = {name_key(name): place for place, name in enumerate(table.rows[0])}
    missing = [name.upper() for name in _REQUIRED if name not in places]
    if missing:
        raise UnreadableFile(
            "Ce n'est pas un fichier de contacts de la CNAF : sa première ligne n'a pas de titre "
            f"{' ni de titre '.join(missing)}."
        )

    def cell(row: Sequence[str], name: str) -> str:
        return row[places[name]].strip() if name in places else ""

    return [
        Contact(
            matricule=_matricule(cell(row, _MATRICULE)),
            nir="".join(cell(row, _NIR).split()).upper()[:_NIR_LENGTH],
            role=cell(row, _ROLE),
            email=cell(row, _EMAIL),
            phones=(cell(row, _PHONES[0]), cell(row, _PHONES[1])),
        )
        for row in table.rows[1:]
        if any(row)
    ]


def as_json(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """For storage."""
    return [{**vars(contact), "phones": list(contact.phones)} for contact in contacts]


def from_json(stored: Sequence[Mapping[str, Any]]) -> list[Contact]:
    """Reverse `as_json`."""
    return [Contact(**{**one, "phones": tuple(one["phones"])}) for one in stored]


class ContactBook:
    """Contacts by NIR and by household."""

    def __init__(self, contacts: Sequence[Contact], *, today: date) -> None:
        self._today = today
        self._by_nir = {contact.nir: contact for contact in reversed(contacts) if contact.nir}
        self._by_matricule: defaultdict[str, list[Contact]] = defaultdict(list)
        for contact in contacts:
            if contact.matricule:
                self._by_matricule[contact.matricule].append(contact)

    def added_to(self, identity: Identity) -> dict[str, str]:
        """The mail and phone of the person's line that change something; a fixed phone replaces no number."""
        contact = self._of(identity)
        if contact is None:
            return {}
        added = {}
        email, number = self._parsed("email", contact.email), self._phone(contact)
        if email and email != identity.email:
            added["email"] = email
        fixed_for_nothing = identity.phone_number and not phone.is_mobile(number)
        if number and number != identity.phone_number and not fixed_for_nothing:
            added["phone_number"] = number
        return added

    def _of(self, identity: Identity) -> Contact | None:
        by_nir = self._by_nir.get((identity.nir or "")[:_NIR_LENGTH])
        if by_nir is not None:
            return by_nir
        household = self._by_matricule.get(_matricule(identity.affiliation_number or ""), [])
        same_role = [
            one for one in household if identity.role and self._parsed("role", one.role) == identity.role
        ]
        return next(iter([*same_role, *household]), None)

    def _phone(self, contact: Contact) -> str | None:
        """The first mobile, else the first number."""
        numbers = [number for text in contact.phones if (number := self._parsed("phone_number", text))]
        return next((number for number in numbers if phone.is_mobile(number)), next(iter(numbers), None))

    def _parsed(self, attribute: str, text: str) -> Any:
        try:
            return values.parse(attribute, text, today=self._today) if text else None
        except values.Refused:
            return None


def _matricule(text: str) -> str:
    """The number without the zeros that pad it on the right, with those lost on the left."""
    if not text:
        return ""
    try:
        number = values.parse_affiliation_number(text, today=date.min)
    except values.Refused:
        number = text.strip().upper()
    return number.zfill(_PADDED_LENGTH)
