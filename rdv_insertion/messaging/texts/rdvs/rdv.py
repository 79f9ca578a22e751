"""A rdv told to the person: confirmed, changed, cancelled, close."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import squish
from rdv_insertion.messaging.texts.blocks import Block, Button, Labelled, Letter, Mail, Paragraph
from rdv_insertion.messaging.texts.moments import brief_moment, brief_rough_moment, rough_moment
from rdv_insertion.messaging.texts.national import in_reader_words
from rdv_insertion.messaging.texts.rdvs.place import PHONE, box_of, brief_sentence_of, sentence_of, stays_home
from rdv_insertion.messaging.texts.rendering import phone_in_text
from rdv_insertion.messaging.texts.sentences import names_in_a_row, spaced

if TYPE_CHECKING:
    from rdv_insertion.messaging.texts.rdvs.content import RdvContent

CREATED, UPDATED, CANCELLED, REMINDER = "created", "updated", "cancelled", "reminder"
EVENTS = (CREATED, UPDATED, CANCELLED, REMINDER)


class Rdv:
    """One event of a rdv in the active language. Each method gives sentences; empty ones are left out.

    `briefly` is for SMS that would cost less: dates and places are said in fewer words.
    """

    def __init__(self, content: "RdvContent", *, briefly: bool = False) -> None:
        words = content.words
        at, about = (brief_moment, brief_rough_moment) if briefly else (dates.long_moment, rough_moment)
        moment = about if content.location_type == "home" else at
        self.content, self.addressee, self.event = content, content.addressee, content.event
        self.mandatory = bool(words and words.mandatory)
        self.said: dict[str, Any] = {
            "name": self.addressee.name,
            "title": in_reader_words(content.title),
            "moment": moment(content.starts_at, content.zone),
            "purpose": in_reader_words(words.purpose) if words else "",
            "warning": in_reader_words(words.punishable_warning) if words else "",
            "organisation": squish(content.organisation),
            "agents": names_in_a_row(content.agents),
            "link": content.link,
            "phone": phone_in_text(content.help_phone),
        }
        self.said["place"] = (brief_sentence_of if briefly else sentence_of)(content)

    def sms(self) -> list[str]:
        """When, where, and where to see or cancel it."""
        if self.event == CANCELLED:
            return [self.sms_event(), self.sms_another()]
        return [
            self.sms_event(),
            str(self.said["place"]),
            self.sms_agents(),
            self.sms_stake(),
            self.sms_way_out(),
            self.sms_help(),
        ]

    def shorter_sms(self) -> list[list[str]]:
        """Without what the page behind the link says too; when, where and whom to call stay.

        What an organisation calls its rdvs in its own words stays as well, whatever it costs.
        """
        if self.event == CANCELLED or self._has_own_title():
            return [self.sms()]
        sentences = [self.sms_brief_event(), str(self.said["place"]), self.sms_agents()]
        return [
            [*sentences, self.sms_way_out(), self.sms_help()],
            [*sentences, _("Voir : %(link)s") % self.said, self.sms_help()],
        ]

    def _has_own_title(self) -> bool:
        title = "title_by_phone" if self.content.location_type == PHONE else "title"
        return bool(self.content.words and title in self.content.words.own)

    def mail(self) -> Mail:
        """When, where, what to bring, what is at stake, and how to change it."""
        blocks = self.cancelled_blocks() if self.event == CANCELLED else self.blocks()
        return Mail(
            subject=self.subject(),
            heading=self.heading(),
            preview=str(self.said["moment"]),
            blocks=tuple(one for one in blocks if one != Paragraph()),
        )

    def letter(self) -> Letter:
        """The same on paper, which has no button."""
        paragraphs = self.cancelled_paragraphs() if self.event == CANCELLED else self.paragraphs()
        return Letter(self.letter_subject(), tuple(one for one in paragraphs if one))

    def blocks(self) -> list[Block]:
        """The mail about a rdv to come."""
        strong, stake = self.stake()
        return [
            Paragraph(self.hello()),
            Paragraph(spaced(self.intro(), self.attached())),
            box_of(self.content, str(self.said["moment"]), self.with_whom()),
            *self.to_know(),
            Paragraph(stake, strong),
            Paragraph(self.cannot_come()),
            Button(self.button(), self.content.link),
        ]

    def cancelled_blocks(self) -> list[Block]:
        """The mail about a rdv that is off."""
        strong, advice = self.still_needed()
        return [
            Paragraph(self.hello()),
            Paragraph(spaced(self.off(), self.stay())),
            Paragraph(advice, strong),
            Paragraph(self.another()),
            Button(_("Revoir ce rendez-vous"), self.content.link),
        ]

    def paragraphs(self) -> list[str]:
        """The letter about a rdv to come."""
        to_know = [f"{one.label} {squish(one.text)}" for one in self.to_know() if isinstance(one, Labelled)]
        return [
            self.hello(),
            self.intro(),
            "\n".join(filter(None, (self.written_moment(), self.written_place(), self.with_whom()))),
            *to_know,
            spaced(*self.stake()),
            self.written_way_out(),
        ]

    def cancelled_paragraphs(self) -> list[str]:
        """The letter about a rdv that is off."""
        return [
            self.hello(),
            spaced(self.off(), self.stay()),
            spaced(*self.still_needed()),
            self.another(),
        ]

    # SMS

    def sms_event(self) -> str:
        """What happens, and when."""
        if self.event == CANCELLED:
            return self.sms_off()
        return {
            CREATED: _("Bonjour, c'est confirmé : votre %(title)s a lieu le %(moment)s."),
            UPDATED: _("Bonjour, votre %(title)s change. Nouveau rendez-vous : %(moment)s."),
            REMINDER: _("Bonjour, rappel : votre %(title)s a lieu le %(moment)s."),
        }[self.event] % self.said

    def sms_brief_event(self) -> str:
        """The same in fewer words; that it is mandatory is in it."""
        required = self.mandatory and self.event == REMINDER
        return {
            CREATED: _("RDV confirmé : %(moment)s."),
            UPDATED: _("Nouveau RDV : %(moment)s."),
            REMINDER: _("RDV obligatoire : %(moment)s.") if required else _("Rappel RDV : %(moment)s."),
        }[self.event] % self.said

    def sms_off(self) -> str:
        """That it does not take place."""
        if self.content.cancelled_by_service:
            return _("Bonjour, votre %(title)s du %(moment)s n'aura pas lieu.") % self.said
        return _("Bonjour, c'est noté : nous annulons votre %(title)s du %(moment)s.") % self.said

    def sms_another(self) -> str:
        """How to have another one."""
        if self.said["phone"]:
            return _("Pour un autre rendez-vous, appelez le %(phone)s") % self.said
        return _("Voir : %(link)s") % self.said

    def sms_agents(self) -> str:
        """Who receives."""
        return _("Avec %(agents)s.") % self.said if self.said["agents"] else ""

    def sms_stake(self) -> str:
        """That it is mandatory: once more before it."""
        return _("Ce rendez-vous est obligatoire.") if self.mandatory and self.event == REMINDER else ""

    def sms_way_out(self) -> str:
        """Where to see or cancel it."""
        return _("Voir ou annuler : %(link)s") % self.said

    def sms_help(self) -> str:
        """Whom to call."""
        return _("Aide : %(phone)s") % self.said if self.said["phone"] else ""

    # Mails and letters

    def subject(self) -> str:
        """The subject of the mail."""
        return {
            CREATED: _("Rendez-vous confirmé : %(moment)s"),
            UPDATED: _("Rendez-vous déplacé : %(moment)s"),
            CANCELLED: _("Rendez-vous annulé : %(moment)s"),
            REMINDER: _("Rappel de votre rendez-vous : %(moment)s"),
        }[self.event] % self.said

    def heading(self) -> str:
        """The title of the mail."""
        return {
            CREATED: _("Votre rendez-vous est confirmé"),
            UPDATED: _("Votre rendez-vous change"),
            CANCELLED: _("Votre rendez-vous est annulé"),
            REMINDER: _("Votre rendez-vous approche"),
        }[self.event]

    def letter_subject(self) -> str:
        """After « Objet : »."""
        return {
            CREATED: _("votre rendez-vous du %(moment)s"),
            UPDATED: _("votre nouveau rendez-vous du %(moment)s"),
            CANCELLED: _("annulation de votre rendez-vous du %(moment)s"),
            REMINDER: _("rappel de votre rendez-vous du %(moment)s"),
        }[self.event] % self.said

    def hello(self) -> str:
        """The greeting."""
        return _("Bonjour %(name)s,") % self.said

    def intro(self) -> str:
        """What happens."""
        return {
            CREATED: _("Voici la date de votre %(title)s."),
            UPDATED: _("Votre %(title)s change. Voici le nouveau rendez-vous."),
            REMINDER: _("Nous vous rappelons votre %(title)s. Si ce n'est plus possible, prévenez-nous."),
        }[self.event] % self.said

    def attached(self) -> str:
        """What comes with the mail."""
        if self.event == REMINDER:
            return ""
        return _("L'événement à ajouter à votre agenda est joint à ce mail.")

    def with_whom(self) -> str:
        """Who receives, when they are named."""
        return _("Avec %(agents)s.") % self.said if self.said["agents"] else ""

    def to_know(self) -> list[Block]:
        """What to bring, and what agents want known."""
        bring, instruction = in_reader_words(self.content.what_to_bring), self.content.instruction.strip()
        label = _("À avoir près de vous :") if stays_home(self.content) else _("À apporter :")
        labelled: list[Block] = [Labelled(label, bring)] if bring else []
        return [*labelled, Labelled(_("À savoir :"), instruction)] if instruction else labelled

    def stake(self) -> tuple[str, str]:
        """What is at stake, when it is mandatory: in one word, then in full."""
        if not self.mandatory:
            return "", ""
        return _("Ce rendez-vous est obligatoire."), self.consequence()

    def consequence(self) -> str:
        """What the person risks."""
        if not self.said["warning"]:
            return ""
        return _("En cas d'absence sans nous prévenir, %(warning)s.") % self.said

    def cannot_come(self) -> str:
        """How to say that one cannot come, when the button is not enough."""
        return ""

    def button(self) -> str:
        """What the page of the rdv is for."""
        return _("Voir, déplacer ou annuler")

    def written_moment(self) -> str:
        """When, on paper."""
        return _("Quand : %(moment)s.") % self.said

    def written_place(self) -> str:
        """Where, on paper."""
        if self.content.location_type == "public_office" and self.said["place"]:
            return _("Où : %(place)s") % self.said
        return str(self.said["place"])

    def written_way_out(self) -> str:
        """How to change it, on paper."""
        if not self.said["phone"]:
            return _("Pour changer de date ou annuler, ouvrez l'adresse %(link)s") % self.said
        return (
            _("Pour changer de date ou annuler, appelez le %(phone)s ou ouvrez l'adresse %(link)s")
            % self.said
        )

    def off(self) -> str:
        """That it does not take place."""
        if self.content.cancelled_by_service:
            return _("Votre %(title)s du %(moment)s n'aura pas lieu.") % self.said
        return _("C'est noté : nous annulons votre %(title)s du %(moment)s.") % self.said

    def stay(self) -> str:
        """Not to come for nothing."""
        if stays_home(self.content):
            return ""
        return _("Ne venez pas à ce rendez-vous.")

    def still_needed(self) -> tuple[str, str]:
        """That another one is needed, when it is mandatory."""
        if not self.mandatory:
            return "", ""
        return _("Un rendez-vous reste obligatoire."), _("Prenez-en un autre dès que possible.")

    def another(self) -> str:
        """How to have another one."""
        if not self.said["phone"]:
            return ""
        return _("Pour prendre un autre rendez-vous, appelez le %(phone)s.") % self.said
