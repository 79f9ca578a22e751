"""The model of workshops: enrol in one, on the day that suits you."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rdv_insertion.messaging.texts.blocks import Block, Button
from rdv_insertion.messaging.texts.invitations.standard import Standard


class Atelier(Standard):
    """One invitation to enrol in a workshop."""

    def sms_call(self) -> str:
        """See `Standard.sms_call`."""
        if self.content.reminder and self.said["about"]:
            return _("Bonjour, rappel : inscrivez-vous à votre %(title)s (%(about)s) : %(link)s") % self.said
        if self.content.reminder:
            return _("Bonjour, rappel : inscrivez-vous à votre %(title)s : %(link)s") % self.said
        if self.said["about"]:
            return _("Bonjour, inscrivez-vous à votre %(title)s (%(about)s) : %(link)s") % self.said
        return _("Bonjour, inscrivez-vous à votre %(title)s : %(link)s") % self.said

    def subject(self) -> str:
        """See `Standard.subject`."""
        if self.content.reminder:
            return _("Rappel : inscrivez-vous à votre %(title)s") % self.said
        return self.heading()

    def heading(self) -> str:
        """See `Standard.heading`."""
        if self.content.reminder:
            return _("Il est encore temps de vous inscrire à votre %(title)s") % self.said
        return _("Inscrivez-vous à votre %(title)s") % self.said

    def letter_subject(self) -> str:
        """See `Standard.letter_subject`."""
        if self.content.reminder:
            return _("rappel, inscrivez-vous à votre %(title)s") % self.said
        return _("inscrivez-vous à votre %(title)s") % self.said

    def why(self) -> str:
        """See `Standard.why`."""
        if self.content.reminder:
            return _("Vous n'avez pas encore choisi le jour de votre %(title)s.") % self.said
        if self.said["subject"]:
            return self._invited_about()
        return (
            self.addressee.say(
                woman=_("Vous êtes invitée à participer à votre %(title)s."),
                man=_("Vous êtes invité à participer à votre %(title)s."),
                other=_("Vous êtes invité(e) à participer à votre %(title)s."),
            )
            % self.said
        )

    def _invited_about(self) -> str:
        return (
            self.addressee.say(
                woman=_("Vous êtes invitée à participer à votre %(title)s (%(subject)s)."),
                man=_("Vous êtes invité à participer à votre %(title)s (%(subject)s)."),
                other=_("Vous êtes invité(e) à participer à votre %(title)s (%(subject)s)."),
            )
            % self.said
        )

    def use(self) -> str:
        """See `Standard.use`."""
        return _("Cet atelier sert à %(purpose)s.") % self.said if self.said["purpose"] else ""

    def how(self) -> str:
        """See `Standard.how`."""
        return _("Vous voyez les jours proposés et vous vous inscrivez en deux minutes, sans mot de passe.")

    def action(self) -> Block:
        """See `Standard.action`."""
        return Button(_("Voir les jours et m'inscrire"), self.content.link)

    def days(self) -> str:
        """See `Standard.days`."""
        days = self.content.days_left
        if days is None:
            return ""
        if days == 0:
            return _("C'est le dernier jour pour vous inscrire.")
        return (
            ngettext(
                "Il vous reste %(days)d jour pour vous inscrire.",
                "Il vous reste %(days)d jours pour vous inscrire.",
                days,
            )
            % self.said
        )

    def before_when(self) -> str:
        """See `Standard.before_when`."""
        if self.said["last_day"]:
            return _("Inscrivez-vous avant le %(last_day)s.") % self.said
        return _("Inscrivez-vous dès que possible.")

    def stake(self) -> tuple[str, str]:
        """See `Standard.stake`."""
        if not self.mandatory:
            return "", ""
        warning = _("Si vous ne participez pas, %(warning)s.") % self.said if self.said["warning"] else ""
        return _("Cet atelier est obligatoire."), warning
