"""The model of phone platforms: call this number. There is no link to open."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rdv_insertion.messaging.texts.blocks import Block, Call, Letter
from rdv_insertion.messaging.texts.invitations.standard import Standard
from rdv_insertion.messaging.texts.sentences import spaced


class PhonePlatform(Standard):
    """One invitation to call."""

    def sms(self) -> list[str]:
        """See `Standard.sms`."""
        return [self.sms_call(), self.sms_referents(), self.sms_days(), self.custom]

    def sms_call(self) -> str:
        """See `Standard.sms_call`; there is no link."""
        if self.content.reminder and self.said["about"]:
            return _("Bonjour, rappel : appelez le %(phone)s pour votre %(title)s (%(about)s).") % self.said
        if self.content.reminder:
            return _("Bonjour, rappel : appelez le %(phone)s pour votre %(title)s.") % self.said
        if self.said["about"]:
            return _("Bonjour, appelez le %(phone)s pour votre %(title)s (%(about)s).") % self.said
        return _("Bonjour, appelez le %(phone)s pour votre %(title)s.") % self.said

    def sms_days(self) -> str:
        """See `Standard.sms_days`."""
        return self.days()

    def letter(self) -> Letter:
        """See `Standard.letter`; calling is said once."""
        paragraphs = (
            self.hello(),
            spaced(self.why(), self.use()),
            self.with_whom(),
            self.custom,
            self.before_when(),
            spaced(*self.stake()),
        )
        return Letter(self.letter_subject(), tuple(one for one in paragraphs if one))

    def subject(self) -> str:
        """See `Standard.subject`."""
        if self.content.reminder:
            return _("Rappel : appelez-nous pour votre %(title)s") % self.said
        return self.heading()

    def heading(self) -> str:
        """See `Standard.heading`."""
        if self.content.reminder:
            return _("Il est encore temps de nous appeler pour votre %(title)s") % self.said
        return _("Appelez-nous pour votre %(title)s") % self.said

    def letter_subject(self) -> str:
        """See `Standard.letter_subject`."""
        if self.content.reminder:
            return _("rappel, appelez-nous pour votre %(title)s") % self.said
        return _("appelez-nous pour votre %(title)s") % self.said

    def preview(self) -> str:
        """See `Standard.preview`."""
        return _("Appelez le %(phone)s.") % self.said

    def why(self) -> str:
        """See `Standard.why`."""
        if self.content.reminder:
            return _("Vous ne nous avez pas encore appelés pour votre %(title)s.") % self.said
        if not self.said["designation"]:
            return self._invited()
        return (
            self.addressee.say(
                woman=_("Vous êtes %(designation)s et vous êtes invitée à un premier échange par téléphone."),
                man=_("Vous êtes %(designation)s et vous êtes invité à un premier échange par téléphone."),
                other=_(
                    "Vous êtes %(designation)s et vous êtes invité(e) à un premier échange par téléphone."
                ),
            )
            % self.said
        )

    def _invited(self) -> str:
        return self.addressee.say(
            woman=_("Vous êtes invitée à un premier échange par téléphone."),
            man=_("Vous êtes invité à un premier échange par téléphone."),
            other=_("Vous êtes invité(e) à un premier échange par téléphone."),
        )

    def use(self) -> str:
        """See `Standard.use`."""
        return _("Cet appel sert à %(purpose)s.") % self.said if self.said["purpose"] else ""

    def how(self) -> str:
        """See `Standard.how`."""
        return _("Quand vous appelez, nous répondons à vos questions et nous préparons la suite avec vous.")

    def action(self) -> Block:
        """See `Standard.action`."""
        return Call(_("Appelez le %(phone)s") % self.said, self.content.help_phone)

    def days(self) -> str:
        """See `Standard.days`."""
        days = self.content.days_left
        if days is None:
            return ""
        if days == 0:
            return _("C'est le dernier jour pour appeler.")
        return (
            ngettext(
                "Il vous reste %(days)d jour pour appeler.",
                "Il vous reste %(days)d jours pour appeler.",
                days,
            )
            % self.said
        )

    def before_when(self) -> str:
        """See `Standard.before_when`."""
        if self.said["last_day"]:
            return _("Appelez le %(phone)s avant le %(last_day)s.") % self.said
        return _("Appelez le %(phone)s dès que possible.") % self.said

    def stake(self) -> tuple[str, str]:
        """See `Standard.stake`."""
        if not self.mandatory:
            return "", ""
        warning = _("Sans appel de votre part, %(warning)s.") % self.said if self.said["warning"] else ""
        return _("Cet appel est obligatoire."), warning
