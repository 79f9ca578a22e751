"""The words of the categories, as they are read in messages ("votre …", "vous êtes …", "sert à …")."""

from typing import Any

from rdv_insertion.followups.enums import MotifCategoryType
from rdv_insertion.messaging.enums import TemplateModel

CATEGORIES: tuple[dict[str, Any], ...] = (
    {
        "name": "Orientation RSA",
        "short_name": "rsa_orientation",
        "motif_category_type": MotifCategoryType.RSA_ORIENTATION,
        "rdv_title": "rendez-vous d'orientation",
        "rdv_title_by_phone": "rendez-vous d'orientation par téléphone",
        "rdv_subject": "RSA",
        "rdv_purpose": "faire le point sur votre situation et choisir l'aide qui vous convient",
        "user_designation": "bénéficiaire du RSA",
        "is_mandatory": True,
        "punishable_warning": "votre RSA peut être réduit ou suspendu",
        "what_to_bring": "une pièce d'identité, votre numéro CAF ou MSA, et votre CV si vous en avez un",
    },
    {
        "name": "Signature du contrat d'engagement",
        "short_name": "rsa_cer_signature",
        "motif_category_type": MotifCategoryType.RSA_ACCOMPAGNEMENT,
        "rdv_title": "rendez-vous de signature de contrat",
        "rdv_title_by_phone": "rendez-vous de contrat par téléphone",
        "rdv_subject": "RSA",
        "rdv_purpose": "écrire avec vous votre contrat d'engagement et le signer",
        "user_designation": "bénéficiaire du RSA",
        "is_mandatory": True,
        "punishable_warning": "votre RSA peut être réduit ou suspendu",
        "what_to_bring": "une pièce d'identité",
    },
    {
        "name": "Accompagnement RSA",
        "short_name": "rsa_accompagnement",
        "motif_category_type": MotifCategoryType.RSA_ACCOMPAGNEMENT,
        "rdv_title": "rendez-vous d'accompagnement",
        "rdv_title_by_phone": "rendez-vous d'accompagnement par téléphone",
        "rdv_subject": "RSA",
        "rdv_purpose": "voir où vous en êtes et préparer la suite avec vous",
        "user_designation": "bénéficiaire du RSA",
        "is_mandatory": True,
        "punishable_warning": "votre RSA peut être réduit ou suspendu",
        "what_to_bring": "les papiers reçus depuis le dernier rendez-vous",
    },
    {
        "name": "Atelier compétences",
        "short_name": "rsa_atelier_competences",
        "template_model": TemplateModel.ATELIER,
        "motif_category_type": MotifCategoryType.AUTRE,
        "rdv_title": "atelier collectif",
        "rdv_title_by_phone": "atelier par téléphone",
        "rdv_subject": "compétences",
        "rdv_purpose": "trouver vos points forts et apprendre à en parler",
        "user_designation": "bénéficiaire du RSA",
        "is_mandatory": False,
        "what_to_bring": "un stylo et, si vous en avez un, votre CV",
    },
    {
        "name": "Entretien SIAE",
        "short_name": "siae_interview",
        "motif_category_type": MotifCategoryType.SIAE,
        "rdv_title": "entretien d'embauche",
        "rdv_title_by_phone": "entretien d'embauche par téléphone",
        "rdv_subject": "emploi d'insertion",
        "rdv_purpose": "parler de votre projet et vous présenter nos postes",
        "user_designation": "une personne qui cherche un emploi d'insertion",
        "is_mandatory": False,
        "what_to_bring": "une pièce d'identité et votre CV",
    },
)

# Given with the rdv, by motif.
INSTRUCTIONS = {
    "valence_orientation": "Prévoyez une heure sur place. Vous pouvez venir avec une personne de confiance.",
    "valence_orientation_phone": "Restez dans un endroit calme. Notre numéro peut s'afficher comme masqué.",
    "valence_convocation": "Présentez-vous à l'accueil avec cette convocation.",
    "valence_atelier": "L'atelier commence à l'heure. Un café vous attend un quart d'heure avant.",
    "romans_entretien": "Portez des chaussures fermées : vous visiterez l'atelier.",
}

INSTRUCTIONS_BEFORE = {
    "valence_atelier": "L'atelier dure deux heures, en petit groupe. Il faut savoir lire un peu le français.",
}
RESTRICTIONS = {
    "romans_entretien": "Ce poste demande de porter des charges et de commencer à 7 h le matin.",
}

# What the organisation of Valence says in its own way for the orientation: one version after the other.
OWN_WORDS: tuple[dict[str, str], ...] = (
    {"custom_sentence": "Vous pouvez venir accompagné de la personne de votre choix."},
    {
        "rdv_title": "premier rendez-vous RSA",
        "rdv_title_by_phone": "premier rendez-vous RSA par téléphone",
        "custom_sentence": "Vous pouvez venir avec la personne de votre choix.",
    },
)

ARCHIVING_REASONS = (
    "Déménagement hors du département",
    "Sorti du RSA : reprise d'emploi",
    "Droits fermés par la CAF",
    "Dossier transmis à un autre département",
)
