"""Viewer, editor and trainer in a real browser and past it: what each may do, and whose name it has."""

import json

import httpx
import pytest
from playwright.sync_api import expect

from workbench.accounts import Accounts, Cost
from workbench.ui import rights
from workbench.ui.app import build_app, launch_arguments

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
PEOPLE = {"李雷": "viewer", "Erin": "editor", "Tom": "trainer"}
TERMS = "\n".join(
    ["standard,synonym", *(f"标准词{n},别名{n}{kind}" for n in range(40) for kind in ("甲", "乙"))]
)


@pytest.fixture(scope="module")
def services(services):
    found = services.preview_dictionary(TERMS.encode(), "terms.csv")
    services.save_dictionary("词表", found, source="terms.csv")
    return services


@pytest.fixture(scope="module")
def accounts(tmp_path_factory):
    made = Accounts(tmp_path_factory.mktemp("accounts") / "people", Cost(n=16, r=1, p=1))
    for name, role in PEOPLE.items():
        made.add(name, role, PASSWORD)
    return made


@pytest.fixture(scope="module")
def address(services, accounts, free_port):
    """The page over ``services``, where people have to sign in."""
    blocks = build_app(services, accounts)
    blocks.queue(default_concurrency_limit=8)
    arguments = launch_arguments(blocks, services, "127.0.0.1", free_port())
    _, url, _ = blocks.launch(**arguments, prevent_thread_lock=True)
    yield url
    blocks.page_work.close()
    blocks.close(verbose=False)


@pytest.fixture(scope="module")
def signed_in(chromium, address):
    """A browser context of each person, signed in by the page that asks for it."""
    contexts = {}
    for name in PEOPLE:
        locale = "zh-CN" if name == "李雷" else "en-GB"
        contexts[name] = chromium.new_context(viewport={"width": 1280, "height": 720}, locale=locale)
        page = contexts[name].new_page()
        page.goto(address)
        give(page, name)
        expect(page.locator("#header-who")).to_contain_text(name)
        page.close()
    return contexts


@pytest.fixture
def visit(browse, signed_in, address):
    """Opens the page as somebody, at a tab."""

    def open_page(name, tab, script=""):
        page = browse(f"{address}#{tab}", context=signed_in[name], script=script)
        expect(page.locator("#header-who")).to_contain_text(name)
        return page

    return open_page


def give(page, name, password=PASSWORD):
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")


def editor_of(page):
    page.evaluate("WB.editTerm('标准词1', '词表')")
    row = page.locator("#synonyms-list .wb-syn-row[data-group]").filter(has_text="别名1甲")
    expect(row).to_be_visible()
    return row


def test_a_name_and_a_password_lead_in_and_a_click_leads_out(browse, address):
    page = browse(address)
    expect(page).to_have_url(f"{address}sign-in")
    expect(page.locator("input[name=name]")).to_be_focused()
    give(page, "Erin", "wrong password")
    expect(page.locator(".said")).to_have_text("Name or password is wrong. Please try again.")
    expect(page.locator("input[name=name]")).to_have_value("Erin")
    page.click("nav a")
    expect(page.locator("h1")).to_have_text("登录")
    give(page, "Erin")
    expect(page).to_have_url(address)
    expect(page.locator("#header-who")).to_contain_text("Erin编辑")
    page.click("#sign-out")
    expect(page).to_have_url(f"{address}sign-in")
    page.goto(address)
    expect(page).to_have_url(f"{address}sign-in")


def test_a_viewer_sees_everything_and_is_told_why_nothing_can_be_changed(visit, services):
    version = services.dictionary("词表").version
    page = visit("李雷", "data")
    expect(page.locator("#data-desk .wb-locked")).to_contain_text("你的角色是「只看」")
    assert page.evaluate("document.querySelector('#data-file').inert")
    page.click("#data-list tr:has-text('词表')")
    expect(page.locator("#data-delete")).to_be_disabled()
    expect(page.locator("#data-delete")).to_have_attribute("title", page.evaluate("WB.whyNot('edit')"))
    page.click("#data-export summary")
    with page.expect_download() as download:
        page.click("#data-export-csv")
    assert "别名1甲" in download.value.path().read_text("utf-8-sig")

    page.evaluate("WB.go('synonyms')")
    row = editor_of(page)
    for control in ("#synonyms-new", "#synonyms-paste", "#synonyms-undo"):
        expect(page.locator(control)).to_be_disabled()
    row.locator(".wb-syn-term", has_text="别名1甲").click()
    assert page.locator(".wb-syn-input").count() == 0, "a click on a term opens no field"
    page.keyboard.press("n")
    expect(page.locator(".wb-note.problem")).to_contain_text("只能查看")
    page.keyboard.press("Delete")
    page.evaluate("WB.go('train')")
    expect(page.locator("#train-start")).to_be_disabled()
    page.evaluate("WB.setLanguage('en')")
    expect(page.locator("#train-start")).to_have_attribute("title", page.evaluate("WB.whyNot('train')"))
    assert "Trainer" in page.locator("#train-start").get_attribute("title")
    page.evaluate("WB.setLanguage('zh')")
    page.evaluate("WB.go('models')")
    assert page.evaluate("document.querySelector('#vectors-panel').inert")
    assert services.dictionary("词表").version == version


def test_an_editor_edits_under_the_own_name_and_cannot_train(visit, services, until):
    version = services.dictionary("词表").version
    page = visit("Erin", "synonyms", "localStorage['workbench.editor.author'] = 'Somebody else'")
    row = editor_of(page)
    row.hover()
    row.locator(".wb-syn-add").click()
    page.keyboard.type("新别名")
    page.keyboard.press("Enter")
    until(lambda: services.dictionary("词表").version == version + 1)
    assert services.editor.history("词表")[0][0].author == "Erin"
    page.keyboard.press("Escape")
    page.click("#synonyms-tab-history")
    expect(page.locator("#synonyms-steps li").first).to_contain_text("Erin")
    expect(page.locator("#synonyms-author")).to_have_value("Erin")
    expect(page.locator("#synonyms-author")).not_to_be_editable()
    page.evaluate("WB.go('train')")
    expect(page.locator("#train-start")).to_be_disabled()
    assert services.runs() == []


def test_a_trainer_trains_and_the_run_says_who_started_it(visit, services, until):
    page = visit("Tom", "train")
    page.evaluate("WB.use({ dictionary: '词表' })")
    expect(page.locator("#train-start")).to_be_enabled()
    page.click("#train-start")
    until(lambda: len(services.runs()) == 1)
    run = services.runs()[0]
    assert run.config["author"] == "Tom"
    page.evaluate("WB.go('train')")
    expect(page.locator("#train-stop")).to_be_enabled()
    page.click("#train-stop")
    until(lambda: services.run(run.id).state == "stopped")
    page.click("#train-record summary")
    expect(page.locator("#train-record tr", has_text="Started by")).to_contain_text("Tom")
    services.delete_run(run.id)


class Past:
    """Asks the server as somebody, past the page."""

    def __init__(self, url, name):
        self.client = httpx.Client(base_url=url, timeout=60)
        reply = self.client.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert reply.status_code == 303
        self.config = self.client.get("/config").json()
        self.of = {each["props"].get("elem_id"): each["id"] for each in self.config["components"]}

    def ask(self, element, function, data=None):
        sent = {"session_hash": "past", "component_id": self.of[element], "fn_name": function}
        reply = self.client.post("/gradio_api/component_server", json={**sent, "data": data or {}})
        assert reply.status_code == 200
        return reply.json()

    def event(self, number, data):
        """What the server says of an event of the page."""
        sent = {"fn_index": number, "data": data, "session_hash": "past", "event_data": None}
        assert self.client.post("/gradio_api/queue/join", json=sent).status_code == 200
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "past"}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:") and '"process_completed"' in line:
                    return json.loads(line[5:])
        raise AssertionError("no answer")


def refused(answer):
    """Whether it is the role that forbids it."""
    return "the role “" in answer.get("error", {}).get("en", "") if isinstance(answer, dict) else False


@pytest.mark.parametrize(("name", "held"), [("李雷", ("edit", "train")), ("Erin", ("train",))])
def test_past_the_page_a_role_is_refused_what_it_has_no_right_to(address, services, name, held):
    past, before = Past(address, name), services.editor.history("词表")[1]
    for element, parts in rights.VIEWS.items():
        for right in held:
            for function in parts.get(right, "").split():
                answer = past.ask(element, function)
                assert refused(answer), (element, function, answer)
    assert services.editor.history("词表")[1] == before
    assert past.ask("header", "get_status")["person"] == {"name": name, "role": PEOPLE[name]}


def test_past_the_page_events_and_uploads_are_held_to_the_same_rights(address):
    viewer, editor = Past(address, "李雷"), Past(address, "Erin")
    number = {
        happening: each["id"]
        for each in viewer.config["dependencies"]
        for happening in map(tuple, each["targets"])
    }
    path = editor.client.post("/gradio_api/upload", files={"files": ("a.csv", b"a,b\nc,d\n")}).json()[0]
    sent = [{"path": path, "meta": {"_type": "gradio.FileData"}}, None, None]
    upload = number[viewer.of["data-file"], "upload"]
    answer = viewer.event(upload, sent)
    assert not answer["success"]
    assert "the role “Editor” is needed" in answer["output"]["error"]
    assert editor.event(upload, sent)["success"]
    for end in ("/gradio_api/run/predict", "/gradio_api/api/predict", "/gradio_api/call/arrived"):
        reply = viewer.client.post(end, json={"data": sent, "fn_index": upload, "session_hash": "past"})
        assert reply.status_code != 200 or "token" not in reply.text, end
    assert editor.client.get(f"/gradio_api/file={path}").status_code == 200
    assert viewer.client.get(f"/gradio_api/file={path}").status_code == 403
    assert httpx.get(f"{address}gradio_api/file={path}").status_code == 401


def test_names_go_into_decisions_notes_and_pair_sets(address, services, until):
    editor = Past(address, "Erin")
    forged = {"author": "Somebody else"}
    said = editor.ask("board", "set_note", {"model": "e5-small", "note": "good", **forged})
    assert said == {"note": "good", "note_author": "Erin"}
    wish = {
        "dictionary": "词表",
        "model": "",
        "recipe": {"positive_share": 1.0},
        "name": "我的句对",
        **forged,
    }
    assert "error" not in editor.ask("pairs", "make_set", wish)
    until(lambda: [each.name for each in services.pair_sets.all()] == ["我的句对"])
    listed = editor.ask("pairs", "list_sets")["sets"]
    assert [each["author"] for each in listed] == ["Erin"]
    assert services.picked.suggest("词表", ["标准词2", "标准词3"])
    waiting = [each.id for each in services.suggestions.page("词表")[0]]
    assert "error" not in editor.ask("pairs", "decide", {"ids": waiting, "act": "reject", **forged})
    assert {each.author for each in services.suggestions.some(waiting)} == {"Erin"}
    assert services.editor.history("词表")[0][0].author == "Erin"


def test_an_open_page_learns_of_another_role_and_of_the_end_of_an_account(browse, address, accounts):
    accounts.add("Noah", "viewer", PASSWORD)
    page = browse(address)
    give(page, "Noah")
    expect(page.locator("#header-who")).to_contain_text("Viewer")
    page.evaluate("WB.go('synonyms')")
    editor_of(page)
    expect(page.locator("#synonyms-new")).to_be_disabled()
    accounts.set_role("Noah", "editor")
    expect(page.locator("#synonyms-new")).to_be_enabled()
    expect(page.locator("#header-who")).to_contain_text("Editor")
    accounts.remove("Noah")
    expect(page).to_have_url(f"{address}sign-in?ended")
    expect(page.locator(".said")).to_contain_text("no longer signed in")
