"""What one organisation calls the things of one category, in French, as it stands in sentences."""

from dataclasses import dataclass

from rdv_insertion.messaging.enums import TemplateModel


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a category: those of the organisation where it has its own, else the national ones.

    As after "votre …" (`title`, `title_by_phone`), "vous êtes …" (`designation`), "sert à …" (`purpose`),
    "Sans rendez-vous, …" (`punishable_warning`). `own` names those that are the organisation's.
    """

    model: str = TemplateModel.STANDARD
    title: str
    title_by_phone: str
    subject: str = ""
    purpose: str = ""
    designation: str = ""
    custom_sentence: str = ""
    mandatory: bool = False
    punishable_warning: str = ""
    what_to_bring: str = ""
    own: frozenset[str] = frozenset()
