"""The national words of categories, which the catalogs know; what an organisation typed stays French."""

from django.utils.translation import gettext, gettext_noop

from rdv_insertion.kernel.languages import Language, active, direction
from rdv_insertion.kernel.text import squish

# Keeps the full stop of a French sentence at its end, among letters that go from right to left.
_LEFT_TO_RIGHT = "\u200e"

# After "votre …".
_TITLES = (
    gettext_noop("rendez-vous d'orientation"),
    gettext_noop("rendez-vous d'orientation par téléphone"),
    gettext_noop("rendez-vous d'orientation téléphonique"),
    gettext_noop("rendez-vous d'accompagnement"),
    gettext_noop("rendez-vous d'accompagnement par téléphone"),
    gettext_noop("rendez-vous d'accompagnement téléphonique"),
    gettext_noop("rendez-vous de signature de contrat"),
    gettext_noop("rendez-vous de contrat par téléphone"),
    gettext_noop("rendez-vous de suivi"),
    gettext_noop("rendez-vous de suivi par téléphone"),
    gettext_noop("rendez-vous de suivi téléphonique"),
    gettext_noop("rendez-vous d'information"),
    gettext_noop("rendez-vous d'information par téléphone"),
    gettext_noop("rendez-vous avec le psychologue"),
    gettext_noop("rendez-vous avec le psychologue par téléphone"),
    gettext_noop("rendez-vous avec le travailleur social"),
    gettext_noop("rendez-vous avec le travailleur social par téléphone"),
    gettext_noop("entretien d'embauche"),
    gettext_noop("entretien d'embauche par téléphone"),
    gettext_noop("atelier collectif"),
    gettext_noop("atelier compétences"),
    gettext_noop("atelier par téléphone"),
    gettext_noop("atelier enfants et ados"),
    gettext_noop("rendez-vous"),
    gettext_noop("rendez-vous par téléphone"),
)

# Between brackets, after the title.
_SUBJECTS = (
    gettext_noop("RSA"),
    gettext_noop("compétences"),
    gettext_noop("emploi d'insertion"),
    gettext_noop("candidature SIAE"),
    gettext_noop("offre d'insertion"),
    gettext_noop("suivi psychologique"),
    gettext_noop("enfants et ados"),
)

# After "Vous êtes …".
_DESIGNATIONS = (
    gettext_noop("bénéficiaire du RSA"),
    gettext_noop("une personne qui cherche un emploi d'insertion"),
    gettext_noop("candidat(e) à un emploi d'insertion"),
)

# After "sert à …".
_PURPOSES = (
    gettext_noop("faire le point sur votre situation et choisir l'aide qui vous convient"),
    gettext_noop("démarrer un parcours d'accompagnement"),
    gettext_noop("écrire avec vous votre contrat d'engagement et le signer"),
    gettext_noop("voir où vous en êtes et préparer la suite avec vous"),
    gettext_noop("trouver vos points forts et apprendre à en parler"),
    gettext_noop("parler de votre projet et vous présenter nos postes"),
    gettext_noop("vous expliquer le RSA, vos droits et vos obligations"),
    gettext_noop("vous présenter les aides et les formations près de chez vous"),
    gettext_noop("parler de ce qui vous inquiète avec un professionnel"),
)

# After "Sans rendez-vous, …".
_WARNINGS = (
    gettext_noop("votre RSA peut être réduit ou suspendu"),
    gettext_noop("votre candidature ne pourra pas être étudiée"),
)

# After "À apporter : …".
_TO_BRING = (
    gettext_noop("une pièce d'identité"),
    gettext_noop("une pièce d'identité et votre CV"),
    gettext_noop("une pièce d'identité et un justificatif d'adresse"),
    gettext_noop("une pièce d'identité, votre numéro CAF ou MSA, et votre CV si vous en avez un"),
    gettext_noop("les papiers reçus depuis le dernier rendez-vous"),
    gettext_noop("un stylo et, si vous en avez un, votre CV"),
)

NATIONAL_WORDS = frozenset((*_TITLES, *_SUBJECTS, *_DESIGNATIONS, *_PURPOSES, *_WARNINGS, *_TO_BRING))


def in_reader_words(french: str) -> str:
    """Words of a category in the active language; between « » in French when no catalog knows them.

    They stand inside sentences: on one line, without a final full stop.
    """
    words = squish(french).rstrip(" .")
    if not words or active() == Language.FR:
        return words
    translated = gettext(words) if words in NATIONAL_WORDS else words
    return in_french(words) if translated == words and words != "RSA" else translated


def in_french(words: str) -> str:
    """French words inside a text in another language: between « », and drawn from left to right."""
    return f"« {words}{_LEFT_TO_RIGHT if direction(active()) == 'rtl' else ''} »"
