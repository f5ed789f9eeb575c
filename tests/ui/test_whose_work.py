"""Several people at once: nobody sees another's upload, ends another's work or loses their own."""

import threading
from types import SimpleNamespace

import pytest

from workbench.accounts import Person
from workbench.errors import Conflict, NotFound
from workbench.services import Services
from workbench.settings import Settings
from workbench.ui import rights
from workbench.ui.page import Page
from workbench.ui.tabs import explore_match, pairs_generate, pairs_make, suggestions_loop, synonyms
from workbench.ui.tabs.leaderboard_measuring import Measuring

EDITORS = ("李", "Erin")


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    home = tmp_path_factory.mktemp("whose") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False))
    yield opened
    opened.close()


@pytest.fixture
def page(services):
    opened = Page(services)
    yield opened
    opened.close()


@pytest.fixture
def sign_in():
    """Become a person for the questions that follow; nobody has to sign in before."""
    token = rights._SIGNED_IN.set(None)

    def become(name, role="editor"):
        rights._SIGNED_IN.set(Person(name, role, "secret"))

    yield become
    rights._SIGNED_IN.reset(token)


@pytest.fixture
def gate():
    """Work of the server stands still at its first report until the gate is opened."""
    opened, begun = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        assert opened.wait(20)
        progress(0.5, rights.text("explore.reading"))

    yield SimpleNamespace(open=opened.set, begun=begun, work=work)
    opened.set()


def asked(functions):
    return SimpleNamespace(**{function.__name__: function for function in functions})


def ended(page, name):
    task = page.background.find(name)
    for _ in range(1000):
        if task.done:
            return task
        threading.Event().wait(0.01)
    raise AssertionError("it did not end")


def test_an_upload_is_read_by_who_sent_it_only(page, sign_in, tmp_path):
    file = tmp_path / "words.csv"
    file.write_text("a\nb\n")
    sign_in("李")
    upload = page.uploads.add(str(file))
    assert page.uploads.get(upload.token) is upload
    sign_in("Erin", "trainer")
    assert page.uploads.find(upload.token) is None
    with pytest.raises(NotFound):
        page.uploads.get(upload.token)
    match = asked(explore_match.functions(page, page.uploads))
    wish = {"job": "j", "token": upload.token, "dictionary": "汽车", "model": "m", "precision": 90}
    with pytest.raises(NotFound):
        match.match_start(wish)


def test_a_matched_column_is_seen_and_stopped_by_who_began_it_only(page, sign_in, gate, monkeypatch):
    monkeypatch.setattr(page.services.matching, "match", lambda *_, progress, **__: gate.work(progress))
    match = asked(explore_match.functions(page, page.uploads))
    sign_in("李")
    match.match_start({"job": "j", "text": "秘密", "dictionary": "汽车", "model": "m", "precision": 90})
    assert gate.begun.wait(20)
    sign_in("Erin", "trainer")
    for question in (match.match_state, match.match_stop, match.match_rows):
        with pytest.raises(NotFound):
            question({"job": "j"})
    with pytest.raises(NotFound):
        match.match_file({"job": "j", "format": "csv"})
    sign_in("李")
    assert match.match_state({"job": "j"})["task"]["done"] is False
    match.match_stop({"job": "j"})


def test_what_others_match_does_not_push_ones_own_report_out(sign_in):
    jobs = explore_match.Jobs()

    def ended(owner):
        return explore_match.Job("", "汽车", "m", 90, stopped=True, owner=owner)

    jobs.add("j", ended("李"))
    for n in range(explore_match.KEPT + 3):
        jobs.add(f"o{n}", ended("Erin"))
    sign_in("李")
    assert jobs.get("j").owner == "李"
    sign_in("Erin")
    assert jobs.get("o3").owner == "Erin"
    for gone in ("o2", "j"):
        with pytest.raises(NotFound):
            jobs.get(gone)


def test_a_look_for_suggestions_is_ended_by_who_began_it_or_a_trainer(page, sign_in, gate, monkeypatch):
    monkeypatch.setattr(page.services.proposer, "propose", lambda *_, progress, **__: gate.work(progress))
    loop = asked(suggestions_loop.functions(page))
    wish = {"dictionary": "汽车", "model": "m", "what": ["merges"]}
    sign_in("李")
    assert loop.start_find(wish)["find"]["starter"] == "李"
    assert gate.begun.wait(20)
    sign_in("Erin")
    assert loop.start_find(wish)["find"]["starter"] == "李"  # the same: one follows it
    with pytest.raises(Conflict, match="李"):  # another: it would be lost without a word
        loop.start_find({**wish, "model": "n"})
    with pytest.raises(rights.Forbidden, match="“李” has begun this"):
        loop.cancel_find({"dictionary": "汽车"})
    sign_in("Tom", "trainer")
    assert loop.cancel_find({"dictionary": "汽车"}) == {"done": True}
    gate.open()
    assert ended(page, f"suggest:{page.services.dictionary('汽车').id}").error.get("en")


def test_a_set_of_pairs_is_made_as_its_maker_wished_and_stopped_by_them(page, sign_in, gate, monkeypatch):
    monkeypatch.setattr(page.services.pair_maker, "make", lambda *_, progress, **__: gate.work(progress))
    monkeypatch.setattr(pairs_make, "PATIENCE", 0.0)
    make = asked(pairs_make.functions(page))
    wish = {"name": "n", "dictionary": "汽车", "recipe": {}, "replace": False}
    sign_in("李")
    make.make_set(wish)
    assert gate.begun.wait(20)
    sign_in("Erin")
    for recipe in ({}, {"limit": 5}):
        with pytest.raises(Conflict, match="李"):
            make.make_set({**wish, "recipe": recipe})
    with pytest.raises(rights.Forbidden):
        make.make_stop({"name": "n"})
    assert make.make_state({"name": "n"})["task"]["done"] is False
    sign_in("李")
    make.make_set(wish)  # a second click joins the first
    with pytest.raises(Conflict, match="other options"):
        make.make_set({**wish, "recipe": {"limit": 5}})
    make.make_stop({"name": "n"})
    gate.open()
    ended(page, "pairs-make\nn")
    sign_in("Erin")
    assert make.make_state({"name": "n"})["task"]["error"]
    sign_in("李")
    assert make.make_state({"name": "n"})["task"]["error"]  # Erin's question did not take it away


def test_a_job_of_a_language_model_is_cancelled_by_who_began_it_or_a_trainer(page, sign_in, monkeypatch):
    job = SimpleNamespace(id="g", state="running", finished_at=None)
    generation, cancelled = page.services.generation, []
    monkeypatch.setattr(generation, "start", lambda *_: job)
    monkeypatch.setattr(generation, "job", lambda _: job)
    monkeypatch.setattr(generation, "cancel", lambda name: cancelled.append(name) or job)
    monkeypatch.setattr(pairs_generate, "_config", lambda _: None)
    monkeypatch.setattr(pairs_generate.present_pairs, "job_json", lambda *_, **__: {})
    jobs = asked(pairs_generate.functions(page))
    sign_in("李")
    jobs.start_job({})
    sign_in("Erin")
    for act in ("cancel", "delete"):
        with pytest.raises(rights.Forbidden, match="李"):
            jobs.job_act({"id": "g", "act": act})
    for name, role in (("李", "editor"), ("Tom", "trainer")):
        sign_in(name, role)
        jobs.job_act({"id": "g", "act": "cancel"})
    assert cancelled == ["g", "g"]


def test_the_live_effect_stays_on_for_who_still_looks_at_it(page, sign_in, monkeypatch):
    off = []
    monkeypatch.setattr(page.services.live, "request", lambda *_: None)
    monkeypatch.setattr(page.services.live, "turn_off", off.append)
    live = asked(synonyms._live(page))
    for name in EDITORS:
        sign_in(name)
        live.live_request({"name": "汽车", "terms": ["SUV"]})
    live.live_off({"name": "汽车"})
    assert off == []
    sign_in("李")
    live.live_off({"name": "汽车"})
    assert off == ["汽车"]


def test_what_a_second_person_wants_measured_is_measured_too(page, sign_in, gate, monkeypatch):
    measured = []

    def evaluate(benchmark, system, progress):
        measured.append(system)
        if system == "a":
            gate.work(progress)
        if system == "broken":
            raise Conflict(rights.text("accounts.under_way_own"))

    monkeypatch.setattr(page.services.evaluation, "evaluate", evaluate)
    measuring = Measuring(page)
    sign_in("李")
    measuring.ask("dictionary:汽车", ["a", "broken"])
    assert gate.begun.wait(20)
    sign_in("Erin")
    measuring.ask("dictionary:汽车", ["a", "b"])
    gate.open()
    ended(page, "measure\ndictionary:汽车")
    assert measured == ["a", "broken", "b"]
    sign_in("Tom", "trainer")
    assert measuring.state("dictionary:汽车") is None  # it failed for others
    sign_in("李")
    assert measuring.state("dictionary:汽车")["error"]
    assert measuring.state("dictionary:汽车") is None  # said once
    measuring.ask("dictionary:汽车", ["c"])
    ended(page, "measure\ndictionary:汽车")
    assert measured[-1] == "c"


def test_where_nobody_signs_in_everybody_is_one(page, sign_in, gate, monkeypatch):
    monkeypatch.setattr(page.services.proposer, "propose", lambda *_, progress, **__: gate.work(progress))
    loop = asked(suggestions_loop.functions(page))
    loop.start_find({"dictionary": "汽车", "model": "m", "what": ["merges"]})
    assert loop.cancel_find({"dictionary": "汽车"}) == {"done": True}
