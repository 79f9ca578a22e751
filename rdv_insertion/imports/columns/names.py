"""The titles that columns have in the field, and what each means: a table that grows with the files seen.

Names are written as `name_key` writes them: no accent, no capital, no punctuation, `n°` as `numero`; the most
usual first, since of two columns for one thing the most usual is taken.
"""

import re
from collections.abc import Mapping

from rdv_insertion.kernel.text import fold

_SEEN: Mapping[str, str] = {
    "title": """
        civilite, civ, qualite, qual, titre, m mme, mme m, m ou mme, mme ou m, type personne, genre, sexe
    """,
    "last_name": """
        nom, nom beneficiaire, nom de famille, nom usage, nom d usage, nom usuel, nom allocataire, nom usager,
        noms, nom marital, nom d epouse, nom epouse, nom du beneficiaire, nom responsable dossier
    """,
    "first_name": """
        prenom, prenoms, prenom beneficiaire, prenom s, prenom usuel, prenom 1, 1er prenom, premier prenom,
        prenom allocataire, prenom usager, prenom du beneficiaire, prenom responsable dossier
    """,
    "birth_name": """
        nom de naissance, nom naissance, nom de jeune fille, nom jeune fille, nom patronymique, nomnai,
        nom naiss, nom de naiss
    """,
    "birth_date": """
        date de naissance, date naissance, ne e le, ne le, nee le, ne ou nee le, naissance, dtnai, ddn, dnais,
        date naiss, date de naiss, date nais, dt naissance, date nai
    """,
    "role": """
        role, role personne, role beneficiaire, role dans le foyer, role foyer, dem cjt, rolepers,
        demandeur conjoint, demandeur ou conjoint, role dossier
    """,
    "affiliation_number": """
        numero caf, numero alloc, numero allocataire, numero d allocataire, caf, matricule, matricule caf,
        numero msa, numero caf msa, numero caf ou msa, caf msa, msa, numero affiliation, numero d affiliation,
        numero allocataire caf, numero d allocataire caf, numero allocataire caf msa, numero de dossier caf,
        numero dossier caf, numero matricule, numero matricule caf, numero affiliation caf,
        numero d affiliation caf, identifiant caf, id caf, numero adherent msa, allocataire
    """,
    "nir": """
        nir, numero nir, numero de securite sociale, numero securite sociale, numero ss, numero de ss,
        numero secu, numero de secu, numero de secu sociale, numero secu sociale, securite sociale,
        numero insee, nir 13, nir 15, nir avec cle, nir cle
    """,
    "department_internal_id": """
        id iodas, iodas, numero iodas, identifiant iodas, id solis, solis, numero solis, identifiant solis,
        id interne, identifiant interne, id interne au departement, identifiant interne au departement,
        id departement, identifiant departement, identifiant departemental, id departemental, id editeur,
        identifiant editeur, numero interne, numero individu, id individu, identifiant individu,
        code individu, id grand angle, numero grand angle, id
    """,
    "france_travail_id": """
        id france travail, identifiant france travail, numero france travail, france travail id, id ft,
        identifiant ft, numero ft, numero de demandeur d emploi, numero demandeur d emploi,
        identifiant pole emploi, numero pole emploi, id pole emploi, pole emploi id, identifiant pe,
        numero pe, id pe, idassedic
    """,
    "email": """
        mail, email, e mail, adresse mail, adresses mails, adresse email, adresse e mail, mails, emails,
        courriel, courriels, adresse courriel, mel, adresse electronique, adresse electronique dossier,
        adresses mail, adresses email, adresse de messagerie, messagerie, mail 1, email 1
    """,
    "phone_number": """
        telephone, tel, telephones, numero telephones, numero telephone, portable, mobile,
        telephone portable, numero de telephone, numeros telephones, tel portable, telephone mobile,
        tel mobile, numero tel, numeros de telephone, numero de tel, numero portable, numero de portable,
        numero mobile, numero de mobile, portables, gsm, numero telephone dossier, telephone 1, tel 1,
        numero telephone 1, coordonnees telephoniques, contact telephonique, telephone fixe, tel fixe, fixe,
        telephone domicile, tel domicile, telephone 2, tel 2, numero telephone 2
    """,
    "address": """
        adresse, adresse postale, rue, numero et rue, numero rue, voie, numero et voie, adresse 1,
        adresse complete, numero et nom de rue, numero et nom de voie, numero voie, numero de voie, numvoie,
        type voie, type de voie, libtypevoie, nom voie, nom de voie, nom de la voie, nom rue, nom de rue,
        nomvoie, libelle voie, adresse ligne 1, ligne adresse 1, address first field, address second field,
        address third field, address fourth field, address fifth field
    """,
    "address_complement": """
        complement adresse, complement d adresse, adresse 2, adresse 3, complement, adresse complement,
        complements adresse, adresse ligne 2, adresse ligne 3, ligne adresse 2, ligne adresse 3, compladr,
        complideadr, lieu dit, lieudit, lieudist, batiment, residence, appartement, etage
    """,
    "postcode_and_town": """
        cp ville, code postal, cp, ville, commune, code postal ville, localite, code postal et ville,
        cp et ville, cp commune, code postal commune, code postal et commune, codepos, nomcom, nom commune,
        nom de la commune, libelle commune, ville de residence, commune de residence, commune residence,
        bureau distributeur, codepostal
    """,
    "rights_opening_date": """
        date d ouverture des droits, date ouverture droits, date ouverture des droits, date ouverture droit,
        date d ouverture de droits, date d ouverture de droit, date ouverture de droits,
        date debut droits devoirs, ouverture des droits, ouverture de droits, date debut droits,
        date de debut des droits, date d entree rsa, date entree rsa, date d entree dans le rsa,
        date ouverture rsa, date d ouverture rsa, date ouverture droits rsa, date d ouverture des droits rsa,
        date debut rsa, date d entree flux, date entree flux, date droits, ddnatdro, dtoridemrsa
    """,
    "tags": """
        tags, tag, etiquettes, etiquette, mots cles
    """,
    "referent_email": """
        mail referent, email referent, mail du referent, email du referent, referent mail, referent email,
        adresse mail du referent, adresse mail referent, adresse email du referent, courriel referent,
        courriel du referent, mail travailleur social, mail du travailleur social, mail referent rsa,
        mail referent unique, mail du referent unique
    """,
    "organisation": """
        organisation, structure, structure referente, organisme referent, service referent, organisme,
        nom organisation, nom de l organisation, organisation referente, organisation de suivi,
        structure de suivi, structure d accompagnement, structure accompagnement, structure d orientation,
        organisation search terms
    """,
    "rights_end_date": """
        fin des droits, date de fin de droits, date fin droits, fin de droits, date de fin des droits,
        date fin de droits, date fin des droits, date de radiation, date radiation, date fin rsa,
        date de fin rsa, date de fin de rsa, date sortie rsa, date de sortie rsa, date de sortie du rsa,
        date de cloture des droits, date cloture droits, dtclorsa
    """,
}
# Whose a value is, or how it is to be written: said after a title that means the same without it.
_AFTER = re.compile(
    r" (?:"
    r"(?:(?:du|de|des|d|de l|de la) )?"
    r"(?:beneficiaires?|allocataires?|usagers?|usageres?|personnes?|demandeurs?|interesses?|brsa|dossier)"
    r"|(?:beneficiaire|demandeur|dossier|allocataire) (?:du )?rsa"
    r"|(?:format )?(?:jj|dd) mm aa(?:aa)?|obligatoire|facultatif|facultative"
    r")$"
)
# A title that means something only once it is shortened is less usual than any other.
_SHORTENED = 1_000


def names_of(attribute: str) -> list[str]:
    """The names seen for an attribute, the most usual first."""
    return [name for text in _SEEN.get(attribute, "").split(",") if (name := " ".join(text.split()))]


def name_key(name: str) -> str:
    """Accents, case, line breaks and the ways of writing "number" do not count."""
    numbered = re.sub(r"\bn\s*[°º]|№|\bnum\b", "numero ", name.lower())
    return re.sub(r"^(numeros|nos|no|n) ", "numero ", fold(numbered))


class Names:
    """Which attribute a title means, among those that have a label."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._ranks: dict[str, tuple[str, int]] = {}
        for attribute, label in labels.items():
            known = [*names_of(attribute), name_key(label), name_key(attribute)]
            for rank, name in enumerate(known):
                self._ranks.setdefault(name, (attribute, rank))

    def meaning(self, title: str) -> tuple[str, int]:
        """The attribute that a column of this title holds, or an empty string, and how usual the title is for
        it: 0 is the most.
        """
        key = name_key(title)
        found = self._ranks.get(key)
        shortened = 0
        while found is None and (match := _AFTER.search(key)):
            key, shortened = key[: match.start()], _SHORTENED
            found = self._ranks.get(key)
        if found is None:
            return "", 0
        return found[0], found[1] + shortened
