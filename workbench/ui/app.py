"""The page: its frame and tabs, and the server that shows it to a browser."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.accounts import Accounts, AccountsProblem, how_to_make_one
from workbench.errors import InputError
from workbench.localtext import Language
from workbench.ui import assets, rights
from workbench.ui.components.choosers import follow, updates
from workbench.ui.doorkeeper import Doorkeeper
from workbench.ui.errors import language_of
from workbench.ui.guard import is_local, names_of, protection
from workbench.ui.page import Page, Question, script
from workbench.ui.tabs import (
    data,
    explore,
    first_steps,
    header,
    leaderboard,
    map,
    models,
    pairs,
    synonyms,
    train,
)
from workbench.ui.text import text
from workbench.ui.theme import theme

if TYPE_CHECKING:
    from workbench.services import Services

TABS = (
    ("data", data.build),
    ("synonyms", synonyms.build),
    ("pairs", pairs.build),
    ("train", train.build),
    ("board", leaderboard.build),
    ("explore", explore.build),
    ("map", map.build),
    ("models", models.build),
)
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
SESSIONS = 200  # pages whose choosers the server remembers, 200 KB each; one it has forgotten works as well
KEEP_UPLOADS = (3600, 24 * 3600)  # seconds: look each hour, drop temporary files older than a day


def build_app(services: Services, accounts: Accounts | None = None) -> gr.Blocks:
    """The page over ``services``. Cheap: nothing heavy is imported or read.

    With ``accounts`` everybody has to sign in, and each question is answered to those only who may ask it.
    """
    page = Page(services, accounts)
    house = rights.House(accounts, services) if accounts is not None else None
    under_construction = rights.building(house)
    try:
        blocks = _build(page)
    finally:
        rights.built(under_construction)
    if accounts is not None:
        rights.hold_events(blocks, accounts)
    blocks.page_work = page  # type: ignore[attr-defined]  # serve() ends what it has under way
    blocks.i18n_labels = page.labels  # type: ignore[attr-defined]  # launch() wants them, not Blocks()
    return blocks


def _build(page: Page) -> gr.Blocks:
    blocks = gr.Blocks(
        title=text("product.name").zh + " · " + text("product.name").en,
        analytics_enabled=False,
        fill_width=True,
        delete_cache=KEEP_UPLOADS,
    )
    with blocks:
        bar = header.build(page)
        first_steps.build(page)
        told: list[Question] = []
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            for name, build in TABS:
                with gr.Tab(page.labels(f"tab.{name}"), id=name, elem_id=f"tab-{name}") as tab:
                    build(page)
                for question in page.when_shown[len(told) :]:
                    told.append(question)
                    tab.select(None, question.inputs, [question.outputs], js=script([question]), **QUIET)
        header.connect(page, bar)
        _keep_choosers_current(page, blocks)
    return blocks


def launch_arguments(blocks: gr.Blocks, services: Services, host: str, port: int) -> dict[str, Any]:
    """Everything that ``Blocks.launch`` needs to show the page as it is meant to be shown."""
    assets.allow_static_files()
    accounts: Accounts | None = blocks.page_work.accounts  # type: ignore[attr-defined]  # of this page
    doorkeeper = Doorkeeper(accounts, port) if accounts is not None else None
    return {
        "server_name": host,
        "server_port": port,
        "theme": theme(),
        "head": assets.head(services.settings.language, signing_in=accounts is not None),
        "i18n": blocks.i18n_labels.catalogue(),  # type: ignore[attr-defined]  # of this page
        "favicon_path": str(assets.ICON),
        "max_file_size": services.settings.max_upload_bytes,
        "app_kwargs": {
            "middleware": protection(host, doorkeeper, names_of(services.settings.served_as)),
        },
        "footer_links": [],
        "run_history": False,
        "state_session_capacity": SESSIONS,
        "show_error": False,
        "share": False,
        "ssr_mode": False,
        "_frontend": False,  # else a busy machine that answers late is taken for one that does not answer
        "quiet": True,
    }


def serve(
    services: Services, host: str | None = None, port: int | None = None, auth_file: str | None = None
) -> None:
    """Show the page until it is interrupted; says its address on standard output.

    Raises:
        InputError: other computers are to be served (a host that is not local) without accounts, or the
            file of accounts cannot be used.
    """
    host = host or services.settings.host
    language = _terminal_language(services.settings.language)
    accounts = _accounts(services, host, auth_file, language)
    port = port or services.settings.port
    if _is_taken(host, port):
        raise InputError(text("error.port_taken", address=f"http://{host}:{port}", port=port))
    blocks = build_app(services, accounts)
    blocks.queue(default_concurrency_limit=8, max_size=256)
    services.start()
    services.preload()
    _pass_by_the_proxy(host)
    try:
        _, address, _ = blocks.launch(
            **launch_arguments(blocks, services, host, port),
            prevent_thread_lock=True,
        )
        line = text("serve.address", address=address).get(language)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        blocks.block_thread()
    finally:
        blocks.page_work.close()  # type: ignore[attr-defined]  # this page's
        services.close()


def _pass_by_the_proxy(host: str) -> None:
    """Gradio asks the server that it has just started; a company's proxy would not know of it."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join(dict.fromkeys([*known, "127.0.0.1", "localhost", host]))


def _terminal_language(wish: str) -> Language:
    """The language of what is said on standard output: as chosen, else the locale's."""
    wish = wish or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if wish.lower().startswith("zh") else "en"


def _is_taken(host: str, port: int) -> bool:
    """Whether somebody answers there already; asked before anything is started."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _accounts(services: Services, host: str, auth_file: str | None, language: Language) -> Accounts | None:
    """Who may sign in; None: this computer only is served, and nobody is asked."""
    file = auth_file or services.settings.auth_file
    if not file:
        if is_local(host) and not services.settings.served_as:
            return None
        raise InputError(text("error.not_local"), how_to_make_one("accounts.txt"))
    accounts = Accounts(file)
    if not accounts.people():
        raise AccountsProblem(text("error.no_accounts", file=accounts.path), how_to_make_one(file))
    if accounts.is_readable_by_others:
        said = text("serve.accounts_readable", file=accounts.path).get(language)
        sys.stderr.write(said + "\n")
    return accounts


def _keep_choosers_current(page: Page, blocks: gr.Blocks) -> None:
    """Refill all dropdowns on load and when the page's script notices a change; let dictionaries agree."""
    choosers = [registered.chooser for registered in page.choosers]
    memory = gr.BrowserState({}, storage_key="workbench.choices", secret="not-a-secret")
    refresh = gr.Button(visible="hidden", elem_id="shell-refresh")

    def refill(remembered: Any, request: gr.Request, *values: str | None) -> list[Any]:
        wished = remembered if isinstance(remembered, dict) else {}
        return updates(page, list(values), wished, language_of(request))

    # A tab that is opened while its choosers are being filled may take no notice of their values.
    inputs = [chooser for question in page.when_shown for chooser in question.inputs]
    views = [question.outputs for question in page.when_shown]
    for event in (blocks.load, refresh.click):
        filled = event(refill, [memory, *choosers], choosers, **QUIET)
        filled.then(None, inputs, views, js=script(page.when_shown), **QUIET)

    chosen_by_hand = [r.chooser for r in page.choosers if r.kind == "dictionary"]
    for chooser in chosen_by_hand:
        chooser.input(
            lambda name, leader=chooser: [{"dictionary": name}, *follow(page, name, leader)],
            chooser,
            [memory, *choosers],
            trigger_mode="always_last",
            **QUIET,
        )
