"""What a person types: a code, or the first letters of a name."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, ngettext

from rdv_insertion.kernel import codes
from rdv_insertion.kernel.text import fold

LETTERS_ASKED = 3
# Longer than a whole address pasted by mistake, shorter than an attack.
_LONGEST = 200
_LINK = re.compile(r"/r(?:dv)?/([^/\s?#]+)")


class CodeForm(forms.Form):
    """The code of an invitation or of a rdv, with the spaces, dashes and lower case people add."""

    code = forms.CharField(
        label=gettext_lazy("Votre code"),
        max_length=_LONGEST,
        error_messages={
            "required": gettext_lazy("Tapez votre code."),
            "max_length": gettext_lazy("Tapez seulement les 8 caractères du code."),
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        """The 8 characters; a pasted link gives the code it holds."""
        typed = str(self.cleaned_data["code"])
        link = _LINK.search(typed)
        code = codes.clean(link.group(1) if link else typed)
        if problem := code_problem(code):
            raise forms.ValidationError(problem)
        return code


def code_problem(code: str) -> str:
    """Why these characters cannot be a code, said gently, or an empty string."""
    lookalikes = [character for character in dict.fromkeys(code) if character in "0O1IL"]
    if lookalikes:
        return gettext(
            "Vous avez tapé %(characters)s. Un code n'a jamais de chiffre 0 ou 1, ni de lettre O, I ou L. "
            "Regardez bien votre message : c'est un autre caractère, par exemple Q, D, J, T ou 7."
        ) % {"characters": _quoted(lookalikes)}
    strangers = [character for character in dict.fromkeys(code) if character not in codes.ALPHABET]
    if strangers:
        return gettext(
            "Vous avez tapé %(characters)s. Un code n'a que des lettres sans accent et des chiffres."
        ) % {"characters": _quoted(strangers)}
    if len(code) != codes.LENGTH:
        return gettext("Un code a %(wanted)s caractères. Vous en avez tapé %(typed)s.") % {
            "wanted": codes.LENGTH,
            "typed": len(code),
        }
    return ""


def _quoted(characters: Iterable[str]) -> str:
    """`« O »`, `« O » et « 1 »`, as each language quotes: no more than two."""
    first, *others = (gettext("« %(character)s »") % {"character": one} for one in list(characters)[:2])
    return gettext("%(first)s et %(second)s") % {"first": first, "second": others[0]} if others else first


class NameForm(forms.Form):
    """The first letters of the last name: case, accents, spaces and hyphens do not count."""

    letters = forms.CharField(
        label=gettext_lazy("Les 3 premières lettres de votre nom de famille"),
        max_length=100,
        error_messages={"required": gettext_lazy("Tapez les premières lettres de votre nom de famille.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def refuse(self, tries_left: int) -> None:
        """Say that the letters are not the right ones, and how many tries are left."""
        words = ngettext(
            "Ce ne sont pas les premières lettres du nom que nous connaissons. "
            "Il vous reste %(count)s essai.",
            "Ce ne sont pas les premières lettres du nom que nous connaissons. "
            "Il vous reste %(count)s essais.",
            tries_left,
        )
        self.add_error("letters", words % {"count": tries_left})

    def names(self, *last_names: str | None) -> bool:
        """Whether what was typed begins like one of these last names, shorter than three letters or not."""
        typed = first_letters(self.cleaned_data["letters"])
        return bool(typed) and typed in {first_letters(name) for name in last_names}


def first_letters(name: Any) -> str:
    """`de La Tour` → `del`, `Ly` → `ly`. A name in another alphabet keeps its own letters."""
    folded = fold(name or "").replace(" ", "")
    letters = folded or "".join(filter(str.isalnum, str(name or "").casefold()))
    return letters[:LETTERS_ASKED]
