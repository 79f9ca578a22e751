"""Takes the pictures of the guide again, from a demonstration that has just been started on fresh data.

    make demo-reset && make demo
    .venv/bin/python docs/guide/pictures.py http://127.0.0.1:8000 [name…]

Each picture is one function, named after its file; without names, all are taken, in this order. Some do what
they show (an import, a pause that is taken back), so that a second run shows a little more than the first.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).resolve().parent
IMAGES = HERE.parent / "images"
ADMIN, AGENT, PARTNER = "admin@demo.test", "agent@demo.test", "partenaire@demo.test"
VALENCE = "/organisations/valence"
LARGEST = 150_000
_WIDTH, _HEIGHT = 1280, 900
_PHONE = {"width": 390, "height": 760}
_CHROMIUM = Path("/usr/bin/chromium")


class Camera:
    """Opens pages as an account of the demonstration, and keeps what is seen."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self._pages: dict[str, Page] = {}

    def open(self, address: str, account: str = AGENT) -> Page:
        """The page at `address`, with `account` logged in."""
        page = self._page(account)
        page.goto(address, wait_until="networkidle")
        return page

    def stop(self, title: str) -> Page:
        """The page of that stop of the tour (/demo)."""
        page = self._page("")
        page.goto("/demo/")
        stop = page.locator(".tour__stop", has=page.get_by_role("heading", name=title, exact=True))
        stop.locator(".fr-btn").click()
        page.wait_for_load_state("networkidle")
        return page

    def phone(self, title: str) -> Page:
        """The same, on a person's phone."""
        address = self.stop(title).url
        context = self.browser.new_context(viewport=_PHONE, locale="fr-FR", base_url=self.url)
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        return page

    def _page(self, account: str) -> Page:
        if account not in self._pages:
            context = self.browser.new_context(
                viewport={"width": _WIDTH, "height": _HEIGHT}, locale="fr-FR", base_url=self.url
            )
            page = self._pages[account] = context.new_page()
            if account:
                page.goto("/connexion/")
                page.get_by_label("Adresse mail professionnelle").fill(account)
                page.get_by_label("Mot de passe").fill("demo")
                page.get_by_role("button", name="Se connecter").click()
                page.wait_for_url(re.compile("organisations"))
        return self._pages[account]


def _keep(seen: Page | Locator, path: Path, *, height: int = _HEIGHT) -> None:
    """Write what is seen, at most `height` pixels of a page. Says when it is too heavy."""
    if isinstance(seen, Page):
        seen.mouse.move(0, 0)
        whole = seen.evaluate("document.documentElement.scrollHeight")
        size = seen.viewport_size or {"width": _WIDTH, "height": _HEIGHT}
        seen.set_viewport_size({"width": size["width"], "height": min(height, whole)})
        seen.wait_for_timeout(400)
        seen.screenshot(path=path)
        seen.set_viewport_size(size)
    else:
        seen.scroll_into_view_if_needed()
        seen.page.wait_for_timeout(400)
        seen.screenshot(path=path)
    weight = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(HERE.parent)}: {weight // 1000} kB\n")
    if weight > LARGEST:
        sys.stderr.write(f"{path.name} is too heavy\n")


def _cut(page: Page, start: Locator, path: Path, *, height: int) -> None:
    """Write `height` pixels of the page, from `start` down."""
    page.evaluate("scrollTo(0, 0)")
    top = (start.bounding_box() or {"y": 0})["y"]
    start.scroll_into_view_if_needed()
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(4_000)
    clip = {"x": 0, "y": top - 16, "width": _WIDTH, "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
    sys.stdout.write(f"{path.relative_to(HERE.parent)}: {path.stat().st_size // 1000} kB\n")


# ---- The list, the person, the agenda


def list_(camera: Camera) -> None:
    _keep(camera.open(f"{VALENCE}/usagers/"), IMAGES / "list.png")


def personne_image(camera: Camera) -> None:
    page = camera.open(f"{VALENCE}/usagers/?statut=rdv_seen")
    page.locator("tbody th a, tbody td a").nth(1).click()
    page.wait_for_load_state("networkidle")
    _keep(page, IMAGES / "personne.png")


def agenda(camera: Camera) -> None:
    _keep(camera.open("/agenda/"), IMAGES / "agenda.png", height=1_150)


def pilotage(camera: Camera) -> None:
    _keep(camera.open("/pilotage/"), IMAGES / "pilotage.png", height=1_000)


# ---- Inviting


def liste(camera: Camera) -> None:
    page = camera.open(f"{VALENCE}/usagers/?suivi=rsa_orientation")
    _keep(page, HERE / "inviter/liste.png", height=720)


def preparation(camera: Camera) -> None:
    _keep(camera.stop("Un envoi préparé"), HERE / "inviter/preparation.png", height=1_150)


def creneaux(camera: Camera) -> None:
    page = camera.stop("Un envoi sans créneau libre")
    page.get_by_text("Demander des créneaux à des collègues").first.click()
    _keep(page, HERE / "inviter/creneaux.png", height=880)


def arrete(camera: Camera) -> None:
    _keep(camera.stop("Un envoi arrêté"), HERE / "inviter/arrete.png", height=900)


def envoi(camera: Camera) -> None:
    _keep(camera.stop("Un envoi terminé"), HERE / "inviter/envoi.png", height=1_050)


def personne(camera: Camera) -> None:
    page = camera.open(f"{VALENCE}/usagers/?suivi=rsa_orientation&statut=invitation_expired")
    page.locator("tbody th a, tbody td a").first.click()
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "inviter/personne.png", height=950)


def courriers(camera: Camera) -> None:
    _keep(camera.stop("Les courriers à imprimer"), HERE / "inviter/courriers.png")


def preuve(camera: Camera) -> None:
    _keep(camera.stop("La preuve d'une convocation"), HERE / "inviter/preuve.png", height=1_150)


# ---- Messages


def message_personne(camera: Camera) -> None:
    _keep(camera.stop("Un message qui n'est pas arrivé"), HERE / "messages/personne.png", height=900)


def chiffres(camera: Camera) -> None:
    _keep(camera.stop("Les chiffres"), HERE / "messages/chiffres.png", height=1_450)


def a_corriger(camera: Camera) -> None:
    _keep(camera.stop("Les contacts à corriger"), HERE / "messages/a-corriger.png", height=760)


def en_panne(camera: Camera) -> None:
    _keep(camera.stop("Les messages en panne"), HERE / "messages/en-panne.png", height=760)


def en_attente(camera: Camera) -> None:
    _keep(camera.stop("Les messages en attente"), HERE / "messages/en-attente.png", height=900)


def textes(camera: Camera) -> None:
    _keep(camera.stop("Changer les textes d'une catégorie"), HERE / "messages/textes.png", height=1_130)


def apercu(camera: Camera) -> None:
    page = camera.stop("Changer les textes d'une catégorie")
    title = page.get_by_role("heading", name="Ce que les personnes recevront")
    _cut(page, title, HERE / "messages/apercu.png", height=800)


def historique_textes(camera: Camera) -> None:
    _keep(camera.stop("L'historique des textes"), HERE / "messages/historique.png", height=800)


def presentation(camera: Camera) -> None:
    page = camera.stop("L'en-tête, le budget, l'arrêt des envois")
    title = page.get_by_role("heading", name="Courriers et mails")
    _cut(page, title, HERE / "messages/presentation.png", height=1_000)


def budget(camera: Camera) -> None:
    page = camera.stop("L'en-tête, le budget, l'arrêt des envois")
    title = page.get_by_role("heading", name="Budget de SMS")
    _cut(page, title, HERE / "messages/budget.png", height=400)


def arret(camera: Camera) -> None:
    page = camera.stop("L'en-tête, le budget, l'arrêt des envois")
    page.get_by_role("button", name="Arrêter les SMS").click()
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "messages/arret.png", height=780)
    page.get_by_role("button", name=re.compile("Laisser partir")).first.click()
    page.wait_for_load_state("networkidle")


# ---- The person


def personne_invitation(camera: Camera) -> None:
    _keep(camera.phone("Choisir un créneau"), HERE / "personne/invitation.png")


def personne_creneaux(camera: Camera) -> None:
    page = camera.phone("Choisir un créneau")
    page.get_by_role("link", name=re.compile("Choisir")).first.click()
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "personne/lieux.png")
    page.locator("main a[href*='/creneaux/']").first.click()
    page.wait_for_load_state("networkidle")
    _keep(page, IMAGES / "personne-creneaux.png")


def personne_rdv(camera: Camera) -> None:
    stop = camera.open("/demo/").locator(".tour__stop", has_text="Son rendez-vous")
    letters = re.findall(r"tapez (\w+)", stop.inner_text())[0]
    page = camera.phone("Son rendez-vous")
    page.locator("main input[type=text], main input:not([type])").first.fill(letters)
    page.get_by_role("button", name="Voir mon rendez-vous").click()
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "personne/rendez-vous.png")


def personne_sans_creneau(camera: Camera) -> None:
    _keep(camera.phone("Plus aucun créneau"), HERE / "personne/sans-creneau.png")


def personne_langue(camera: Camera) -> None:
    _keep(camera.phone("La même page, de droite à gauche"), HERE / "personne/langue.png")


def personne_code(camera: Camera) -> None:
    _keep(camera.phone("Taper le code d'un courrier"), HERE / "personne/code.png")


def personne_messages(camera: Camera) -> None:
    sms = _received(camera, "sms", ".phone", "choisissez votre premier")
    _keep(sms, HERE / "personne/sms.png")
    mail = _received(camera, "email", "article.mail", "Choisissez la date de votre premier")
    mail.scroll_into_view_if_needed()
    mail.page.wait_for_timeout(1_500)
    _keep(mail, HERE / "personne/mail.png")


def _received(camera: Camera, channel: str, card: str, words: str) -> Locator:
    """The newest message received by `channel` that says `words`."""
    for number in range(1, 30):
        page = camera.open(f"/demo/messages?canal={channel}&page={number}")
        found = page.locator(card, has_text=words)
        if found.count():
            return found.first
    raise LookupError(words)


# ---- Importing

_TITLES = "Civilité;Nom;Prénom;Date de naissance;Numéro CAF;Rôle;Mail;Téléphone;Adresse"
_NEW = (
    "Madame;Chabert;Louise;14/02/1988;2660001;demandeur;louise.chabert@example.org;"
    "06 39 98 00 01;4 rue Pasteur, 26000 Valence",
    "Monsieur;Benhaddou;Karim;02/07/1993;2660002;demandeur;;06 39 98 00 02;9 rue des Alpes, 26000 Valence",
    "Madame;Benhaddou;Inès;30/11/1995;2660002;conjoint;ines.benhaddou@example.org;;"
    "9 rue des Alpes, 26000 Valence",
    "Monsieur;Roche;;05/05/1970;2660004;demandeur;;06 39 98 00 04;1 place du Marché, 26000 Valence",
    "Monsieur;Vial;Théo;31/02/1990;2660005;demandeur;theo.vial@example.org;;3 rue du Rhône, 26000 Valence",
)

_OF_THE_DAY = (
    "Madame;Garcin;Mireille;08/09/1979;2670001;demandeur;mireille.garcin@example.org;;2 rue Ampère, Valence",
    "Monsieur;Ollier;Samuel;21/04/1999;2670002;demandeur;;06 39 98 00 22;7 rue des Alpes, 26000 Valence",
)


def _file(camera: Camera) -> bytes:
    """New people, somebody who is known by their mail and name, and the namesake of somebody else."""
    page = camera.open(f"{VALENCE}/usagers/?suivi=tous")
    known: list[str] = []
    for number in (0, 1):
        page.goto(f"{VALENCE}/usagers/?suivi=rsa_orientation&statut=rdv_seen", wait_until="networkidle")
        page.locator("tbody th a, tbody td a").nth(number).click()
        page.wait_for_load_state("networkidle")
        first_name, last_name = page.locator("h1").inner_text().split(" ", 2)[1:]
        mail = page.locator("a[href^='mailto:']")
        address = mail.first.inner_text() if number == 0 and mail.count() else ""
        known.append(f";{last_name};{first_name};;;demandeur;{address};06 39 98 00 1{number};")
    return "\n".join((_TITLES, *_NEW[:3], *known, *_NEW[3:])).encode()


def importer(camera: Camera) -> None:
    content = _file(camera)
    page = camera.open("/imports/nouveau/")
    _keep(page, HERE / "importer/fichier.png", height=1_000)
    file_input = page.locator("input[type=file]").first
    file_input.set_input_files({"name": "nouveaux-entrants.csv", "mimeType": "text/csv", "buffer": content})
    if page.get_by_label("Catégorie").count():
        page.get_by_label("Catégorie").first.select_option(label="Orientation RSA")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile("colonnes"))
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "importer/colonnes.png", height=1_000)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile("verification"))
    page.wait_for_load_state("networkidle")
    _keep(page, HERE / "importer/verification.png", height=1_200)
    page.get_by_role("button", name=re.compile("^Enregistrer")).click()
    page.wait_for_url(re.compile("enregistrement|invitation"))
    page.wait_for_timeout(4_000)
    page.reload()
    _keep(page, HERE / "importer/enregistre.png", height=1_000)
    page.goto(re.sub(r"enregistrement/.*", "invitation/", page.url), wait_until="networkidle")
    _keep(page, HERE / "importer/invitation.png", height=1_000)
    _keep(camera.open("/imports/"), HERE / "importer/historique.png", height=700)


def depot(camera: Camera) -> None:
    page = camera.open(f"{VALENCE}/configuration/import/", ADMIN)
    page.get_by_label("Importer tout seul les fichiers déposés").check(force=True)
    page.get_by_label("Catégorie").select_option(label="Orientation RSA")
    for channel in ("SMS", "Mail"):
        page.get_by_label(channel, exact=True).check(force=True)
    page.get_by_label("Adresse mail qui reçoit le résultat").fill("insertion.valence@demo.test")
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_load_state("networkidle")
    page = camera.open(f"{VALENCE}/configuration/import/", ADMIN)
    _keep(page, HERE / "importer/depot.png", height=1_000)
    folder = Path(page.locator(".folder-path code").inner_text())
    folder.mkdir(parents=True, exist_ok=True)
    rows = (_TITLES, *_OF_THE_DAY)
    (folder / "nouveaux-entrants-du-jour.csv").write_text("\n".join(rows))
    for _ in range(40):
        time.sleep(4)
        found = camera.open("/demo/messages?canal=email").locator(
            "article.mail", has_text="nouveaux-entrants"
        )
        if found.count():
            _keep(found.first, HERE / "importer/mail.png")
            return
    raise LookupError("no mail about the file")


_PICTURES: Sequence[Callable[[Camera], None]] = (
    list_, personne_image, agenda, pilotage,
    liste, preparation, creneaux, arrete, envoi, personne, courriers, preuve,
    message_personne, chiffres, a_corriger, en_panne, en_attente, textes, apercu, historique_textes,
    presentation, budget, arret,
    personne_invitation, personne_creneaux, personne_rdv, personne_sans_creneau, personne_langue,
    personne_code, personne_messages,
    importer, depot,
)  # fmt: skip


def main(url: str, names: Sequence[str]) -> int:
    """Take the pictures; how many could not be."""
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM if _CHROMIUM.exists() else None,
            args=["--no-sandbox"],
            env={**os.environ, "LANGUAGE": "fr"},
        )
        camera = Camera(browser, url)
        for take in _PICTURES:
            if names and take.__name__.strip("_") not in names:
                continue
            try:
                take(camera)
            except Exception as error:  # noqa: BLE001 - the others are still to be taken
                failed += 1
                sys.stderr.write(f"{take.__name__}: {error}\n")
        browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
