"""The cells of the table of an import, written here: a page has a thousand, most of them only a text."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from rdv_insertion.web.agents.imports.rows import Cell, RowView

register = template.Library()


@register.simple_tag(takes_context=True)
def sheet_cells(context: RequestContext, view: RowView, row_url: str) -> SafeString:
    """The cells of a row beside its names: `<td>` elements."""
    cells = (
        f'<td role="cell" class="{_classes(cell)}" data-label="{escape(cell.label)}" '
        f'id="c-{view.number}-{cell.attribute}">{_content(context, cell, view, row_url)}</td>'
        for cell in view.cells
    )
    # Every text is escaped, here or in the templates.
    return mark_safe("".join(cells))  # noqa: S308


@register.simple_tag(takes_context=True)
def sheet_names(context: RequestContext, view: RowView, row_url: str) -> SafeString:
    """The first name then the last name of a row, each a cell of its own inside one."""
    names = (
        f'<div class="sheet-cell" id="c-{view.number}-{cell.attribute}">'
        f"{_content(context, cell, view, row_url)}</div>"
        for cell in reversed(view.names)
    )
    return mark_safe("".join(names))  # noqa: S308


def _classes(cell: Cell) -> str:
    facts = {
        "sheet-cell--wide": cell.wide,
        "sheet-cell--empty": cell.plain and not cell.text and cell.attribute != "organisation",
        "sheet-cell--changed": cell.changed,
        "sheet-cell--refused": cell.refused,
    }
    return " ".join(["sheet-cell", *(name for name, holds in facts.items() if holds)])


def _content(context: RequestContext, cell: Cell, view: RowView, row_url: str) -> str:
    if cell.attribute == "organisation" and view.unassigned and cell.editable:
        return _rendered("agents/imports/assign_row.html", context, view=view, row_url=row_url)
    if not (cell.plain and cell.editable):
        return _rendered("agents/imports/cell.html", context, cell=cell, row_url=row_url)
    nothing = f'<span aria-hidden="true">–</span><span class="fr-sr-only">{escape(cell.label)} : vide</span>'
    return (
        f'<a data-cell="{cell.attribute}" href="{row_url}?champ={cell.attribute}">'
        f"{escape(cell.text) if cell.text else nothing}</a>"
    )


def _rendered(name: str, context: RequestContext, **values: Any) -> str:
    # The template of the engine itself, which takes the context of the page as an inclusion would.
    compiled = get_template(name).template  # type: ignore[attr-defined]
    with context.push(**values):
        return str(compiled.render(context))
