"""The forms of the messages: presentation, sender of SMS, budget."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from dsfr.forms import DsfrBaseForm

from rdv_insertion.kernel.text import squish, without_unseen
from rdv_insertion.messaging.models import MessagesConfiguration
from rdv_insertion.messaging.pictures import MOST_BYTES, InvalidPicture, is_kept, keep_picture
from rdv_insertion.messaging.services.identity import (
    LONGEST_SMS_SENDER,
    MOST_DIRECTIONS,
    MOST_LOGOS,
    MOST_SIGNATURE_LINES,
    Presentation,
)
from rdv_insertion.territory.models import Organisation
from rdv_insertion.web.agents.openings.schedule_form import CHECKBOX

_LARGEST_VERSION = 2**31 - 1
_LONGEST_LINE = 100
_LARGEST_BUDGET = 10_000_000
_PICTURES = "image/png,image/jpeg"


def picture_signer(organisation: Organisation) -> signing.Signer:
    """Signs the digests of pictures for the pages of one organisation: nobody asks for another's pictures."""
    return signing.Signer(salt=f"rdv_insertion.pictures.{organisation.pk}", sep=".")


@dataclass(frozen=True)
class Slot:
    """A place for a picture: what is in it (`key`, empty when nothing is), and its fields."""

    title: str
    prefix: str
    key: str
    file: BoundField
    remove: BoundField
    name: BoundField | None


class LinesField(forms.CharField):
    """Several short lines, one a line."""

    widget = forms.Textarea

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": min(most, 3) + 1}), **options)
        self.most = most

    def clean(self, value: Any) -> list[str]:
        """The lines that say something. Raises ValidationError (French)."""
        lines = [line for line in map(squish, without_unseen_lines(super().clean(value))) if line]
        if len(lines) > self.most:
            raise ValidationError(f"{self.most} lignes au plus.")
        if any(len(line) > _LONGEST_LINE for line in lines):
            raise ValidationError(f"{_LONGEST_LINE} caractères par ligne au plus.")
        return lines


def without_unseen_lines(text: str) -> list[str]:
    """The lines of a text, each without invisible characters."""
    return [without_unseen(line) for line in re.split(r"\r\n|\r|\n", text or "")]


class PresentationForm(DsfrBaseForm):
    """Letterhead, signature and logos; `configuration` is the version shown. Pictures are kept when read."""

    letter_sender_name = forms.CharField(
        label="Nom de l'expéditeur", max_length=100, required=False, help_text="En haut à gauche du courrier."
    )
    direction_names = LinesField(
        most=MOST_DIRECTIONS,
        label="Direction et service",
        help_text=f"Un par ligne, {MOST_DIRECTIONS} lignes au plus. Sous le nom de l'expéditeur.",
    )
    sender_city = forms.CharField(
        label="Ville", max_length=100, required=False, help_text="Devant la date : « Valence, le… »."
    )
    signature_lines = LinesField(
        most=MOST_SIGNATURE_LINES,
        label="Signature",
        help_text=f"Qui signe, une ligne par ligne : {MOST_SIGNATURE_LINES} au plus.",
    )
    help_address = forms.CharField(
        label="Adresse où se faire aider",
        max_length=255,
        required=False,
        help_text="Pour qui ne peut ni téléphoner ni aller en ligne. Vide : rien n'est écrit.",
    )

    def __init__(
        self,
        data: Any,
        files: Any = None,
        *,
        organisation: Organisation,
        configuration: MessagesConfiguration,
    ) -> None:
        self._signer = picture_signer(organisation)
        self._kept: dict[str, str] = {}
        self._taken: int | None = None
        self._known = _digests(configuration)
        super().__init__(
            data,
            files,
            initial={
                "letter_sender_name": configuration.letter_sender_name,
                "direction_names": "\n".join(configuration.direction_names),
                "sender_city": configuration.sender_city,
                "signature_lines": "\n".join(configuration.signature_lines),
                "help_address": configuration.help_address,
                **{f"logo_{n}_name": logo["name"] for n, logo in enumerate(configuration.logos)},
            },
        )
        self._say_defaults(organisation)
        self.fields["version"] = forms.IntegerField(
            min_value=0,
            max_value=_LARGEST_VERSION,
            widget=forms.HiddenInput,
            initial=configuration.version,
            error_messages={"required": "La page a été envoyée sans son numéro de version. Rechargez-la."},
        )
        for prefix in _PREFIXES:
            self._add_picture(prefix)

    def _say_defaults(self, organisation: Organisation) -> None:
        for name, default in (
            ("letter_sender_name", organisation.name),
            ("direction_names", organisation.name),
            ("sender_city", organisation.department.capital),
            ("signature_lines", organisation.name),
        ):
            self.fields[name].widget.attrs["placeholder"] = default
            self[name].help_text += f" Vide : « {default} »."

    def _add_picture(self, prefix: str) -> None:
        self.fields[f"{prefix}_file"] = forms.FileField(
            label="Image PNG ou JPEG",
            required=False,
            help_text="2 Mo au plus.",
            allow_empty_file=True,
            widget=forms.FileInput(attrs={"accept": _PICTURES, "class": "fr-upload"}),
        )
        self.fields[f"{prefix}_remove"] = forms.BooleanField(label="Retirer cette image", required=False)
        self.fields[f"{prefix}_remove"].template_name = CHECKBOX
        if prefix != _SIGNATURE:
            self.fields[f"{prefix}_name"] = forms.CharField(
                label="Nom du logo", max_length=100, required=False, help_text="Lu à qui ne le voit pas."
            )

    def clean(self) -> dict[str, Any]:
        """Read the pictures and keep those that are right; a logo has a name."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for prefix in _PREFIXES:
            self._kept[prefix] = self._read(prefix, cleaned)
            if prefix == _SIGNATURE:
                continue
            named = squish(without_unseen(cleaned.get(f"{prefix}_name") or ""))
            cleaned[f"{prefix}_name"] = named
            if self._kept[prefix] and not named and f"{prefix}_name" not in self.errors:
                self.add_error(f"{prefix}_name", "Donnez un nom à ce logo : il est lu à qui ne le voit pas.")
        return cleaned

    def _read(self, prefix: str, cleaned: dict[str, Any]) -> str:
        """The digest of what is in this place now: a file given, else what was there unless removed."""
        upload: UploadedFile[Any] | None = cleaned.get(f"{prefix}_file")
        if upload:
            try:
                return self._keep(upload)
            except InvalidPicture as error:
                self.add_error(f"{prefix}_file", str(error))
        if cleaned.get(f"{prefix}_remove"):
            return ""
        return self._posted(prefix)

    @staticmethod
    def _keep(upload: "UploadedFile[Any]") -> str:
        if (upload.size or 0) > MOST_BYTES:
            raise InvalidPicture("Cette image dépasse 2 Mo. Réduisez-la, puis recommencez.")
        return keep_picture(upload.read()).digest

    def _posted(self, prefix: str) -> str:
        """The digest that the page was drawn with; nothing when its signature is not ours."""
        try:
            digest = self._signer.unsign(self.data.get(f"{prefix}_key", ""))
        except signing.BadSignature:
            return ""
        if digest in self._known.values() or is_kept(digest):
            return digest
        self.add_error(
            f"{prefix}_file", "Cette image attendait depuis trop longtemps : choisissez-la de nouveau."
        )
        return ""

    @property
    def presentation(self) -> Presentation:
        """What is typed and right; wrong fields say nothing."""
        self.is_valid()
        typed = getattr(self, "cleaned_data", {})
        logos = [
            {"digest": self._kept[prefix], "name": typed.get(f"{prefix}_name") or ""}
            for prefix in _PREFIXES
            if prefix != _SIGNATURE and self._kept.get(prefix)
        ]
        return Presentation(
            letter_sender_name=without_unseen(typed.get("letter_sender_name", "")),
            sender_city=without_unseen(typed.get("sender_city", "")),
            direction_names=tuple(typed.get("direction_names", ())),
            signature_lines=tuple(typed.get("signature_lines", ())),
            help_address=without_unseen(typed.get("help_address", "")),
            logos=tuple(logos),
            signature_digest=self._kept.get(_SIGNATURE, ""),
        )

    @property
    def signature(self) -> Slot:
        """The place of the picture of the signature."""
        return self._slot(_SIGNATURE, "Image de la signature")

    @property
    def logos(self) -> list[Slot]:
        """The places of the logos."""
        return [self._slot(f"logo_{n}", f"Logo {n + 1}") for n in range(MOST_LOGOS)]

    def _slot(self, prefix: str, title: str) -> Slot:
        digest = self._kept.get(prefix, "") if self.is_bound else self._known.get(prefix, "")
        name = self[f"{prefix}_name"] if prefix != _SIGNATURE else None
        key = self._signer.sign(digest) if digest else ""
        return Slot(title, prefix, key, self[f"{prefix}_file"], self[f"{prefix}_remove"], name)

    @property
    def texts(self) -> Sequence[BoundField]:
        """The fields that are texts, in the order of the page."""
        return [
            self[name]
            for name in (
                "letter_sender_name",
                "direction_names",
                "sender_city",
                "signature_lines",
                "help_address",
            )
        ]

    def take_version(self, version: int) -> None:
        """Say, on the page to be drawn, that this version was seen: what is typed then replaces it."""
        self._taken = version

    @property
    def shown_version(self) -> Any:
        """What the page says was seen when it is sent again."""
        return self["version"].value() if self._taken is None else self._taken

    def refuse(self, error: ValidationError) -> None:
        """Show what the service refused, under its field when the form has it."""
        several = error.error_dict if hasattr(error, "error_dict") else {"": error}
        for name, one in several.items():
            self.add_error(name if name in self.fields else None, one)


_SIGNATURE = "signature"
_PREFIXES = (_SIGNATURE, *(f"logo_{n}" for n in range(MOST_LOGOS)))


def _digests(configuration: MessagesConfiguration) -> dict[str, str]:
    """What is in each place, in the version shown."""
    logos = {f"logo_{n}": logo["digest"] for n, logo in enumerate(configuration.logos)}
    return {_SIGNATURE: configuration.signature_picture_id or "", **logos}


class SmsSenderForm(DsfrBaseForm):
    """Who SMS say they come from."""

    sms_sender_name = forms.CharField(
        label="Expéditeur des SMS",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any, *, organisation: Organisation) -> None:
        super().__init__(data, initial={"sms_sender_name": organisation.sms_sender_name})
        default = f"Dept{organisation.department.number}"
        self.fields["sms_sender_name"].widget.attrs["placeholder"] = default
        self["sms_sender_name"].help_text = (
            f"{LONGEST_SMS_SENDER} lettres ou chiffres au plus, sans espace ni accent : c'est tout ce que "
            f"les opérateurs affichent. Personne ne peut y répondre. Vide : « {default} »."
        )

    def refuse(self, error: ValidationError) -> None:
        """Show what the service refused."""
        self.add_error("sms_sender_name", error)


class BudgetForm(DsfrBaseForm):
    """How many SMS the organisation means to pay for in a month."""

    segments_a_month = forms.IntegerField(
        label="SMS par mois",
        min_value=1,
        max_value=_LARGEST_BUDGET,
        required=False,
        help_text=(
            "Un mail vous prévient à 80 % et à 100 %. Ensuite, plus d'invitation par SMS jusqu'au mois "
            "suivant ; les confirmations et les rappels partent toujours. Vide : pas de limite."
        ),
    )
