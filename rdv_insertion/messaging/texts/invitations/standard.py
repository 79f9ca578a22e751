"""The usual model: choose the date of your rdv. The others say otherwise what differs."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import fold, squish
from rdv_insertion.messaging.texts.blocks import Block, Button, Letter, Mail, Paragraph
from rdv_insertion.messaging.texts.national import in_reader_words
from rdv_insertion.messaging.texts.rendering import phone_in_text
from rdv_insertion.messaging.texts.sentences import custom_sentence, names_in_a_row, spaced

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.invitations.content import InvitationContent


class Standard:
    """One invitation in the active language. Each method gives sentences; empty ones are left out."""

    def __init__(self, content: "InvitationContent") -> None:
        words = content.words
        self.content, self.addressee, self.mandatory = content, content.addressee, words.mandatory
        self.custom = custom_sentence(words.custom_sentence)
        self.said: dict[str, Any] = {
            "name": self.addressee.name,
            "title": in_reader_words(words.title_by_phone if content.by_phone else words.title),
            # « atelier compétences (compétences) » says it twice.
            "subject": in_reader_words("" if fold(words.subject) in fold(words.title) else words.subject),
            "designation": self.addressee.agreed(in_reader_words(words.designation)),
            "purpose": in_reader_words(words.purpose),
            "warning": in_reader_words(words.punishable_warning),
            "referents": names_in_a_row(content.referents),
            "organisation": squish(content.organisation),
            "link": content.link,
            "phone": phone_in_text(content.help_phone),
            "days": content.days_left,
            "last_day": dates.long_date(content.last_day) if content.last_day else "",
        }
        self.said["about"] = self._about()

    def sms(self) -> list[str]:
        """What to do first; the link ends its sentence."""
        return [self.sms_call(), self.sms_referents(), self.sms_days(), self.custom, self.sms_help()]

    def mail(self) -> Mail:
        """Who, why, how, until when, what is at stake."""
        return Mail(
            subject=self.subject(),
            heading=self.heading(),
            preview=self.preview(),
            blocks=tuple(self.mail_blocks()),
        )

    def letter(self) -> Letter:
        """The same on paper; the address and the code to type have their own frame."""
        paragraphs = (
            self.hello(),
            spaced(self.why(), self.use()),
            self.with_whom(),
            self.custom,
            spaced(self.before_when(), self.preview()),
            spaced(*self.stake()),
            self.without_internet(),
        )
        return Letter(self.letter_subject(), tuple(one for one in paragraphs if one))

    def mail_blocks(self) -> list[Block]:
        """The blocks of the mail, in order."""
        strong, stake = self.stake()
        sentences = [
            Paragraph(self.hello()),
            Paragraph(spaced(self.why(), self.use())),
            Paragraph(self.with_whom()),
            Paragraph(self.custom),
            Paragraph(self.how()),
            self.action(),
            Paragraph(strong=self.days()),
            Paragraph(stake, strong),
        ]
        return [one for one in sentences if one != Paragraph()]

    # SMS

    def sms_call(self) -> str:
        """What to do, with the link at the end."""
        if self.content.reminder and self.said["about"]:
            return _("Bonjour, rappel : choisissez votre %(title)s (%(about)s) : %(link)s") % self.said
        if self.content.reminder:
            return _("Bonjour, rappel : choisissez votre %(title)s : %(link)s") % self.said
        if self.said["about"]:
            return _("Bonjour, choisissez votre %(title)s (%(about)s) : %(link)s") % self.said
        return _("Bonjour, choisissez votre %(title)s : %(link)s") % self.said

    def sms_referents(self) -> str:
        """Who receives, when it is known."""
        return _("Avec %(referents)s.") % self.said if self.said["referents"] else ""

    def sms_days(self) -> str:
        """The real number of days left."""
        days = self.content.days_left
        if days is None:
            return ""
        if days == 0:
            return _("Dernier jour.")
        if self.content.reminder:
            return ngettext("Il reste %(days)d jour.", "Il reste %(days)d jours.", days) % self.said
        return ngettext("Valable %(days)d jour.", "Valable %(days)d jours.", days) % self.said

    def sms_help(self) -> str:
        """Whom to call."""
        return _("Aide : %(phone)s") % self.said if self.said["phone"] else ""

    def _about(self) -> str:
        """What stands in brackets: the matter, and that it is mandatory."""
        if self.said["subject"] and self.warns_in_brackets():
            return _("%(subject)s, obligatoire") % self.said
        return _("obligatoire") if self.warns_in_brackets() else str(self.said["subject"])

    def warns_in_brackets(self) -> bool:
        """Whether the SMS says that it is mandatory."""
        return self.mandatory

    # Mails and letters

    def subject(self) -> str:
        """The subject of the mail."""
        if self.content.reminder:
            return _("Rappel : choisissez la date de votre %(title)s") % self.said
        return self.heading()

    def heading(self) -> str:
        """The title of the mail."""
        if self.content.reminder:
            return _("Il est encore temps de choisir la date de votre %(title)s") % self.said
        return _("Choisissez la date de votre %(title)s") % self.said

    def letter_subject(self) -> str:
        """After « Objet : »."""
        if self.content.reminder:
            return _("rappel, choisissez la date de votre %(title)s") % self.said
        return _("choisissez la date de votre %(title)s") % self.said

    def preview(self) -> str:
        """Under the subject, in the list of mails."""
        return _("Cela prend deux minutes, sans mot de passe.")

    def hello(self) -> str:
        """The greeting."""
        return _("Bonjour %(name)s,") % self.said

    def why(self) -> str:
        """Why this person is written to."""
        if self.content.reminder:
            return _("Vous n'avez pas encore choisi la date de votre %(title)s.") % self.said
        if self.said["designation"]:
            return self._why_you()
        return (
            self.addressee.say(
                woman=_("Vous êtes invitée à choisir vous-même la date de votre %(title)s."),
                man=_("Vous êtes invité à choisir vous-même la date de votre %(title)s."),
                other=_("Vous êtes invité(e) à choisir vous-même la date de votre %(title)s."),
            )
            % self.said
        )

    def _why_you(self) -> str:
        return (
            self.addressee.say(
                woman=_(
                    "Vous êtes %(designation)s et vous êtes invitée à choisir vous-même"
                    " la date de votre %(title)s."
                ),
                man=_(
                    "Vous êtes %(designation)s et vous êtes invité à choisir vous-même"
                    " la date de votre %(title)s."
                ),
                other=_(
                    "Vous êtes %(designation)s et vous êtes invité(e) à choisir vous-même"
                    " la date de votre %(title)s."
                ),
            )
            % self.said
        )

    def use(self) -> str:
        """What it is for."""
        return _("Ce rendez-vous sert à %(purpose)s.") % self.said if self.said["purpose"] else ""

    def with_whom(self) -> str:
        """Who receives, when it is known."""
        return _("Ce rendez-vous est avec %(referents)s.") % self.said if self.said["referents"] else ""

    def how(self) -> str:
        """What choosing takes."""
        return _("Vous choisissez le jour et l'heure en deux minutes, sans mot de passe.")

    def action(self) -> Block:
        """The one thing to do."""
        return Button(_("Choisir ma date"), self.content.link)

    def days(self) -> str:
        """The real number of days left to choose."""
        days = self.content.days_left
        if days is None:
            return ""
        if days == 0:
            return _("C'est le dernier jour pour choisir.")
        return (
            ngettext(
                "Il vous reste %(days)d jour pour choisir.",
                "Il vous reste %(days)d jours pour choisir.",
                days,
            )
            % self.said
        )

    def before_when(self) -> str:
        """Until when, on paper: a date, since nobody knows when it is read."""
        if self.said["last_day"]:
            return _("Choisissez avant le %(last_day)s.") % self.said
        return _("Choisissez dès que possible.")

    def stake(self) -> tuple[str, str]:
        """What is at stake, when it is mandatory: in one word, then in full."""
        if not self.mandatory:
            return "", ""
        warning = _("Sans rendez-vous, %(warning)s.") % self.said if self.said["warning"] else ""
        return _("Ce rendez-vous est obligatoire."), warning

    def without_internet(self) -> str:
        """What to do without internet."""
        if not self.said["phone"]:
            return ""
        return (
            _(
                "Vous n'avez pas internet, ou vous avez une question ? Appelez le %(phone)s."
                " Nous choisirons la date avec vous."
            )
            % self.said
        )
