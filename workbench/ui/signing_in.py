"""The page that asks for a name and a password: written by the server, its one script sets its colours."""

from __future__ import annotations

import base64
import hashlib
import html
import json

from workbench.localtext import Language, LocalText
from workbench.settings import ASSETS
from workbench.ui.text import LOCALES, text

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
# Light or dark as it was chosen on the page itself; the browser's wish where nothing was.
_COLOURS = (
    'try{const t=localStorage.getItem("workbench.theme");'
    "if(t)document.documentElement.classList.add(t)}catch(e){}"
)
_HASH = base64.b64encode(hashlib.sha256(_COLOURS.encode()).digest()).decode()
SIGN_IN_POLICY = (
    f"default-src 'none'; script-src 'sha256-{_HASH}'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}


def sign_in_page(
    language: Language,
    root: str,
    said: LocalText | None = None,
    name: str = "",
    wished: Language | None = None,
) -> str:
    """The whole page. ``said`` is why it is shown again, ``root`` what stands before every address.

    ``wished`` is the language where it was chosen here: it goes with the form.
    """

    def words(key: str) -> str:
        return html.escape(text(key).get(language))

    other = _OTHER[language]
    values = {
        "locale": LOCALES[language],
        "title": html.escape(
            f"{text('accounts.sign_in').get(language)} · {text('product.name').get(language)}"
        ),
        "product": words("product.name"),
        "also": words("product.other"),
        "lead": words("accounts.lead"),
        "said": f'<p class="said" role="alert">{html.escape(said.get(language))}</p>' if said else "",
        "address": html.escape(root + SIGN_IN + (f"?lang={wished}" if wished else ""), quote=True),
        "name_label": words("accounts.name"),
        "name": html.escape(name, quote=True),
        "password_label": words("accounts.password"),
        "sign_in": words("accounts.sign_in"),
        "ask": words("accounts.ask"),
        "focus_name": "" if name else " autofocus",
        "focus_password": " autofocus" if name else "",
        "other": html.escape(f"{root}{SIGN_IN}?lang={other}", quote=True),
        "other_locale": LOCALES[other],
        "other_name": {"zh": "中文", "en": "English"}[other],
        "mark": (ASSETS / "icons" / "workbench.svg").read_text("utf-8"),
        "colours": _COLOURS,
    }
    filled = _PAGE
    for key, value in values.items():
        filled = filled.replace(f"{{{{{key}}}}}", value)
    return filled


def refusal(said: LocalText) -> str:
    """The same in JSON, for a script that asks without being signed in."""
    return json.dumps({"error": said.as_json()}, ensure_ascii=False)


_PAGE = (ASSETS / "sign_in.html").read_text("utf-8")
