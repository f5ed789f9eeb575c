"""Makes the guide's pictures: ``python docs/screenshots.py`` opens every tab in Chromium, in both languages.

It fills a home folder of its own first: samples with a few edits, a chain, a marked pair, trained models, a
made pair set, and suggestions from a language model whose part a local server plays. With names
(``python docs/screenshots.py pairs check``) it makes those alone, and trains only where a picture needs it.
"""

from __future__ import annotations

import io
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SIZE: Any = {"width": 1280, "height": 800}
PATIENCE = 90_000  # milliseconds: the first question to a model encodes a dictionary
SETTLED = 1_200  # milliseconds: what moves has come to rest
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "ui")]

from ensure_browser import FLAGS, find_browser  # noqa: E402
from generation.fake_endpoint import FakeEndpoint, rows  # noqa: E402
from test_main_job import Server  # noqa: E402

from workbench import Services, Settings  # noqa: E402
from workbench.editing.edits import AddGroup, AddSynonyms, Edit, MarkApart  # noqa: E402
from workbench.generation.config import GenerationConfig  # noqa: E402
from workbench.generation.endpoint import EndpointConfig  # noqa: E402
from workbench.pairing.recipe import PairRecipe  # noqa: E402

# What is shown in each language. "groups" and "more" are edits before training, "live" the one in the page.
SHOWN: dict[str, dict[str, Any]] = {
    "zh": {
        "locale": "zh-CN",
        "dictionary": "汽车",
        "explore": ("霸道SUV", "丰田普拉多"),
        "authors": ("王工", "小李"),
        "groups": {"川汽野马": ("野马", "野马汽车")},
        "more": {"福特野马": ("野马",), "丰田普拉多": ("普拉多",), "梅赛德斯-奔驰": ("奔驰",)},
        "apart": ("罗孚", "路虎"),
        "live": ("丰田普拉多", "老霸道"),
        "author": "王工",
        "file": "标准词,近似词\n雷克萨斯,凌志\n日产,尼桑\n日产,NISSAN\n日产,日产汽车\n丰田普拉多,霸道越野车\n"
        "尚界H5,上汽尚界\n尚界H5,尚界SUV\n罗孚,路虎\n宝马,宝马\n,红旗\n",
        "templates": ("{}对比车型使用手册", "{}的保养周期是多少？"),
        "set": "汽车句对",
        "corpus": ("车主手册", "第 {n} 次保养：检查{term}的机油、刹车片和轮胎气压。"),
        "proposals": {
            "梅赛德斯-奔驰": ("梅赛德斯", "奔驰汽车", "宝马"),
            "丰田普拉多": ("兰德酷路泽普拉多", "陆地巡洋舰"),
            "保时捷": ("保时捷汽车", "卡宴"),
            "沃尔沃": ("沃尔沃汽车",),
        },
    },
    "en": {
        "locale": "en-GB",
        "dictionary": "Consumer health",
        "explore": ("heart attack", "stroke"),
        "authors": ("Dr Lee", "Kim"),
        "groups": {"mitral insufficiency": ("mitral regurgitation", "MI")},
        "more": {"hypertension": ("raised blood pressure",), "dyspnea": ("out of breath",)},
        "apart": ("transient ischemic attack", "cerebrovascular accident"),
        "live": ("hypertension", "elevated blood pressure"),
        "author": "Dr Lee",
        "file": "standard term,synonym\ndyspnea,shortness of breath\nhypertension,HTN\nhypertension,high BP\n"
        "myocardial infarction,Heart Attack\nmpox,monkeypox\nmpox,monkeypox infection\n"
        "cerebrovascular accident,transient ischemic attack\nasthma,asthma\n,flu\n",
        "templates": ("what to do about {}", "leaflet for patients with {}"),
        "set": "Health pairs",
        "corpus": ("Leaflets", "Leaflet {n}: if you have {term}, tell your doctor at the next visit."),
        "proposals": {
            "myocardial infarction": ("coronary thrombosis", "cardiac arrest"),
            "hypertension": ("high arterial pressure", "low blood pressure"),
            "dyspnea": ("laboured breathing", "wheezing"),
            "cerebrovascular accident": ("brain attack",),
        },
    },
}


# -- what is in the home folder -----------------------------------------------------------------------------


def prepare(home: Path) -> None:
    """Edits, a corpus, a pair set and suggestions for each dictionary that is shown."""
    services = Services(Settings.from_env({}, home=home, warm_worker=False))
    try:
        for language, shown in SHOWN.items():
            edit(services, shown)
            sample = [group.standard for group in services.editor.page(shown["dictionary"], size=60).groups]
            name, sentence = shown["corpus"]
            texts = "\n".join(sentence.format(n=n + 1, term=term) for n, term in enumerate(sample))
            services.corpora.save(
                name, services.corpora.preview(texts.encode(), f"{name}.txt"), source=f"{name}.txt"
            )
            recipe = PairRecipe(limit=600, templates=shown["templates"])
            services.pair_maker.make(shown["dictionary"], recipe, shown["set"])
            propose(services, language, shown)
    finally:
        services.close()


def edit(services: Services, shown: dict[str, Any]) -> None:
    """A few steps of two people; one of them ties two groups into a chain."""
    name, editor = shown["dictionary"], services.editor
    steps: list[Edit] = [AddGroup(standard, terms) for standard, terms in shown["groups"].items()]
    for standard, terms in shown["more"].items():
        group = next(each for each in editor.find(name, standard) if each.standard == standard)
        steps.append(AddSynonyms(group.id, terms))
    steps.append(MarkApart(*shown["apart"]))
    for n, step in enumerate(steps):
        author = shown["authors"][n % 2]
        editor.apply(name, step, based_on=editor.status(name).version, author=author)


def propose(services: Services, language: Any, shown: dict[str, Any]) -> None:
    """A job of a language model that answers from a list."""
    fake = FakeEndpoint()
    try:
        proposals = shown["proposals"]
        fake.always = lambda prompt: rows(*next(said for term, said in proposals.items() if term in prompt))
        endpoint = EndpointConfig(fake.url, "qwen2.5:7b")
        config = GenerationConfig(
            "synonym", endpoint, dictionary=shown["dictionary"], terms=tuple(proposals), language=language
        )
        services.generation.wait(services.generation.start(config).id, timeout=60)
    finally:
        fake.close()


def train(home: Path) -> None:
    """One run of each recipe on each dictionary that is shown, all by one program."""
    services = Services(Settings.from_env({}, home=home))
    try:
        services.start()
        for shown in SHOWN.values():
            for recipe in ("finetune", "instant"):
                services.start_run(shown["dictionary"], "e5-small", recipe)
        while any(run.state in ("queued", "starting", "running") for run in services.runs()):
            time.sleep(0.2)
        if wrong := [f"{run.name}: {run.state}" for run in services.runs() if run.state != "completed"]:
            raise SystemExit(f"a run did not end well: {wrong}")
    finally:
        services.close()


# -- the pictures -------------------------------------------------------------------------------------------


def show_training(page: Any, shown: dict[str, Any]) -> None:
    """The curves of a run."""
    page.click(f"#train-runs >> text={shown['dictionary']}-instant")
    page.wait_for_function(
        "[...document.querySelectorAll('#train-run .js-plotly-plot')]"
        ".filter(plot => plot.data?.some(trace => trace.x?.length > 3)).length > 1"
    )


def show_recipe(page: Any, shown: dict[str, Any]) -> None:
    """A recipe of two stages in its editor, and what it learns from."""
    page.click("[data-recipe=simcse_in_batch]")
    page.click("#train-edit")
    page.wait_for_selector("#recipe-stages li >> nth=1")
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 1280, "height": 1060})  # else what it learns from is below the edge


def show_explore(page: Any, shown: dict[str, Any]) -> None:
    """Two terms compared, and why."""
    first, other = shown["explore"]
    page.click("#explore-part-pair")
    page.fill("#explore-first input", first)
    page.fill("#explore-other input", other)
    page.click("#explore-compare")
    page.wait_for_selector("#explore-why")


def show_near(page: Any, shown: dict[str, Any]) -> None:
    """The neighbours of a term under three systems."""
    page.click("#explore-part-near")
    page.click("#explore-systems [data-chip=bm25_chars]")
    page.fill("#explore-term input", shown["explore"][0])
    page.click("#explore-find")
    page.wait_for_selector("#explore-neighbours [data-model] >> nth=2")


def show_match(page: Any, shown: dict[str, Any]) -> None:
    """A column that was matched, its doubtful rows first."""
    page.click("#explore-part-match")
    page.click("#explore-match-example")
    page.wait_for_selector("#explore-match-text")
    page.click("#explore-match-start")
    page.wait_for_selector("#explore-match-rows tbody tr")


def show_matrix(page: Any, shown: dict[str, Any]) -> None:
    """Some groups of the dictionary against one another."""
    page.click("#explore-part-matrix")
    page.click("#explore-matrix-example")
    page.wait_for_selector("#explore-matrix-canvas[data-drawn]")


def show_misses(page: Any, shown: dict[str, Any]) -> None:
    """Query by query: what two models put first."""
    page.click("#board-part-misses")
    page.wait_for_selector("#misses-list tbody tr")
    page.click("#misses-list tbody tr .wb-board-open >> nth=0")
    page.evaluate(
        "window.scrollBy(0, document.querySelector('#board-misses').getBoundingClientRect().top - 90)"
    )


def show_compare(page: Any, shown: dict[str, Any]) -> None:
    """A tuned model and its base, side by side."""
    show_map(page, shown)
    page.select_option("#map-against", "e5-small")
    page.wait_for_selector("#map-start:visible, #map-numbers")
    if page.locator("#map-start:visible").count():
        page.click("#map-start")
    page.wait_for_selector("#map-numbers")
    page.wait_for_function("document.querySelectorAll('#map .js-plotly-plot').length > 1")


def show_map(page: Any, shown: dict[str, Any]) -> None:
    """The map, laid out where it is not."""
    if page.locator("#map-start:visible").count():
        page.click("#map-start")
    page.wait_for_selector("#map .js-plotly-plot")


def show_import(page: Any, shown: dict[str, Any]) -> None:
    """A file that would be merged into the dictionary of its name."""
    file = {"name": f"{shown['dictionary']}.csv", "mimeType": "text/csv", "buffer": shown["file"].encode()}
    page.set_input_files("#data-file input[type=file]", file)
    page.wait_for_selector("#data-taken button")
    page.click("#data-taken button >> nth=0")
    page.wait_for_selector("#data-plan")
    page.click("[data-plan=merged] summary")


def show_check(page: Any, shown: dict[str, Any]) -> None:
    """A saved dictionary with what its check found, and a chain drawn."""
    page.click(f"#data-list tr[data-name='{shown['dictionary']}']")
    page.click("#data-check-start")
    page.click("#check-chains [data-act=chain]")
    page.wait_for_selector("#check-chains svg")
    page.evaluate(
        "window.scrollBy(0, document.querySelector('#check-chains').getBoundingClientRect().top - 240)"
    )


def show_pairs(page: Any, shown: dict[str, Any]) -> None:
    """Pairs with templates, previewed."""
    page.click("#pairs-part-make")
    page.fill("#pairs-templates", "\n".join(shown["templates"]))
    page.wait_for_selector("#pairs-sample mark")


def show_suggestions(page: Any, shown: dict[str, Any]) -> None:
    """The queue, with the first suggestion put to the expert."""
    page.click("#pairs-part-review")
    page.select_option("#review-scope", "one")
    page.wait_for_selector("#review-second")


def show_editor(page: Any, shown: dict[str, Any]) -> None:
    """A synonym added, and beside it what that changed."""
    standard, synonym = shown["live"]
    open_editor(page, shown)
    page.fill("#synonyms-search", standard)
    page.wait_for_selector("#synonyms-list mark")
    page.locator(f".wb-syn-term[data-at='0'][data-term='{standard}']").focus()
    page.keyboard.press("a")
    page.keyboard.type(synonym)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_selector("#synonyms-live-done")
    page.fill("#synonyms-search", "")
    page.select_option("#synonyms-sort", "recent")


def show_history(page: Any, shown: dict[str, Any]) -> None:
    """Two synonyms chosen, what can be done with them, and the steps so far."""
    standard, _ = shown["live"]
    open_editor(page, shown)
    page.click("#synonyms-tab-history")
    page.wait_for_selector("#synonyms-steps li")
    page.locator(f".wb-syn-term[data-at='0'][data-term='{standard}']").focus()
    for key in ("ArrowRight", "x", "ArrowRight", "x"):
        page.keyboard.press(key)


def open_editor(page: Any, shown: dict[str, Any]) -> None:
    """The editor on the dictionary, from the start of its list."""
    page.evaluate("name => WB.editTerm('', name)", shown["dictionary"])  # as "Open in the editor" does
    page.wait_for_function(
        "name => document.querySelector('#synonyms-list')?.getAttribute('aria-label').includes(name)"
        " && document.querySelector('#synonyms-list .wb-syn-row[data-group]')",
        arg=shown["dictionary"],
    )


def show_as_it_is(page: Any, shown: dict[str, Any]) -> None:
    """Nothing to be done."""


# Picture -> tab, what brings it into the state that is worth a picture, and whether it needs trained models.
# The editor comes last: its edit makes a new version, on which nothing is measured yet.
PICTURES: dict[str, tuple[str, Callable[[Any, dict[str, Any]], None], bool]] = {
    "train": ("train", show_training, True),
    "recipe": ("train", show_recipe, False),
    "leaderboard": ("board", show_as_it_is, True),
    "misses": ("board", show_misses, True),
    "explore": ("explore", show_explore, True),
    "neighbours": ("explore", show_near, True),
    "match": ("explore", show_match, True),
    "matrix": ("explore", show_matrix, True),
    "map": ("map", show_map, True),
    "compare": ("map", show_compare, True),
    "models": ("models", show_as_it_is, True),
    "data": ("data", show_import, False),
    "check": ("data", show_check, False),
    "pairs": ("pairs", show_pairs, False),
    "suggestions": ("pairs", show_suggestions, False),
    "synonyms": ("synonyms", show_editor, False),
    "history": ("synonyms", show_history, False),
}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def take(browser: Any, address: str, language: str, wanted: list[str]) -> list[str]:
    """The pictures of one language; what went wrong, a line each."""
    shown, wrong = SHOWN[language], []
    page = browser.new_page(viewport=SIZE, locale=shown["locale"], reduced_motion="reduce")
    for key, value in (("editor.author", shown["author"]), ("steps", "dismissed")):
        page.add_init_script(f"localStorage['workbench.{key}'] = '{value}'")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("#header-state")
    page.click("#tab-train-button")
    page.click("#train-dictionary input")
    page.click(f"[role=option]:has-text('{shown['dictionary']}')")
    for name in wanted:
        tab, state, _ = PICTURES[name]
        try:
            page.click(f"#tab-{tab}-button")
            page.wait_for_timeout(SETTLED)
            state(page, shown)
            page.wait_for_timeout(SETTLED)
            keep(page.screenshot(), IMAGES / f"{name}-{language}.png")
        except Exception as error:
            wrong.append(f"{name}-{language}: {str(error).splitlines()[0]}")
            page.reload()
        page.set_viewport_size(SIZE)
    page.close()
    return wrong


def keep(picture: bytes, path: Path) -> None:
    """Write it with a palette: a third of the size, and nothing that the eye would miss."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    sys.stdout.write(f"{path.name}: {path.stat().st_size // 1000} kB\n")


def main(wanted: list[str]) -> int:
    """Write ``docs/images/<picture>-<language>.png``."""
    from playwright.sync_api import sync_playwright

    wanted = [name for name in PICTURES if name in wanted or not wanted]
    wrong: list[str] = []
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-pictures-") as folder:
        home = Path(folder) / "home"
        prepare(home)
        if any(PICTURES[name][2] for name in wanted):
            train(home)
        server = Server(home, free_port())
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
                for language in SHOWN:
                    wrong += take(browser, server.address, language, wanted)
                browser.close()
        finally:
            server.stop()
    sys.stderr.writelines(line + "\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
