"""The live effect: after an edit the instant map is brought up to date, and says how neighbours changed."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.errors import BadParameter, WorkbenchError
from workbench.evaluation.measure import baseline_infos
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.catalogue import default_spec
from workbench.normalise import term_key
from workbench.services.live_effect import LiveEffect, Mapped
from workbench.storage.history import HistoryStore
from workbench.types import DictionaryInfo
from workbench.workspace import Workspace

log = logging.getLogger("workbench.live")
Progress = Callable[[float, LocalText], None]
WAIT = 0.3  # seconds without another edit, after which the work begins
MOST_TERMS = 12  # whose neighbours are shown
LONGEST_TERM = 2000
DICTIONARIES_IN_MEMORY = 2
LISTS_IN_MEMORY = 8
FAILED = LocalText(
    "实时效果出错了，细节在日志里；词典没有改变。",
    "The live effect failed; the log has the details, the dictionary is unchanged.",
)
OFF: dict[str, Any] = {
    "state": "off",
    "version": 0,
    "seconds": 0.0,
    "model": "",
    "progress": 0.0,
    "terms": [],
    "message": None,
}


class _Superseded(Exception):
    """Somebody asked for something newer, or switched the live effect off."""


@dataclass(frozen=True, eq=False)
class _Request:
    name: str
    terms: tuple[str, ...]
    model: str
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Kept:
    """The map before the last edit and the present one. ``key``: the dictionary's id and the model's hash."""

    key: tuple[str, str]
    before: Mapped
    now: Mapped


class Live:
    """Keeps an instant map for a dictionary that is being edited, in one background thread.

    A newer request for a dictionary replaces an older one, also while that is worked on; requests for
    different dictionaries are worked on in turn. Terms of test and development concepts are never trained
    on: their neighbours are shown with ``held_out``. Nothing of it is stored but the vectors of terms.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._effect = LiveEffect(workspace)
        self._history = HistoryStore(workspace.database)
        self._changed = threading.Condition()
        self._newest: OrderedDict[str, _Request] = OrderedDict()
        self._done: dict[str, _Request] = {}  # the last request that was carried through
        self._states: dict[str, dict[str, Any]] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lists: KeyedCache[tuple[str, str], list[tuple[int, str, int]]] = KeyedCache(LISTS_IN_MEMORY)
        self._thread: threading.Thread | None = None
        self._closed = False

    # -- for the page -----------------------------------------------------------------------------

    def request(self, name: str, terms: Sequence[str], model: str | None = None) -> None:
        """Bring the map of a dictionary up to date and look at the neighbours of ``terms``. Returns at once.

        ``model`` is the one that the map lies upon: as in the last request when left out, else the base of
        the newest run on the dictionary, else the default base.

        Raises:
            NotFound: there is no such dictionary. BadParameter: the model is a baseline. A model that turns
                out not to be there is the state "problem".
        """
        info = self._workspace.dictionaries.get(name)
        chosen = self._model(info, model)
        distinct: dict[str, str] = {}
        for term in terms:
            if term.strip():
                distinct.setdefault(term_key(term), term.strip()[:LONGEST_TERM])
        request = _Request(name, tuple(distinct.values())[:MOST_TERMS], chosen)
        with self._changed:
            if self._closed:
                return
            self._newest[name] = request
            shown = self._states.get(name, OFF)
            answer = {each: shown[each] for each in ("version", "terms")} if shown["model"] == chosen else {}
            self._states[name] = {**OFF, **answer, "state": "preparing", "model": chosen}
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="live-effect", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def state(self, name: str) -> dict[str, Any]:
        """How far it is and what came out, as JSON.

        ``state`` is "off", "preparing" (the base model is unpacked, terms are encoded), "training", "ready"
        or "problem" (then ``message`` says which). ``version`` and ``terms`` are those of the last answer
        until the next one is ready; each term with its neighbours ``before`` and ``after`` the edit, nearest
        first, and ``held_out``: it was set aside for testing, so its pairs were not trained on.
        """
        with self._changed:
            state = dict(self._states.get(name, OFF))
            request = self._newest.get(name)
        if request is not None and state["state"] in ("preparing", "training"):
            state["seconds"] = round(time.monotonic() - request.at, 2)
        return state

    def turn_off(self, name: str) -> None:
        """Stop the work on a dictionary and forget its maps."""
        with self._changed:
            for remembered in (self._newest, self._states, self._done, self._kept):
                remembered.pop(name, None)
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread, after the step that it is at."""
        with self._changed:
            self._closed = True
            self._newest.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def weakest(
        self, name: str, model: str, limit: int = 500, progress: Progress | None = None
    ) -> list[tuple[int, str, int]]:
        """The synonyms that ``model`` finds worst: (group id, synonym, rank of its own standard term).

        Worst first. The rank is among all standard terms of the dictionary's newest version, from 1;
        synonyms at rank 1 are not weak and are left out.

        Raises:
            NotFound, ModelUnavailable, BadParameter: there is no such dictionary, no such model, no vectors.
        """
        info = self._workspace.dictionaries.get(name)
        _check_not_baseline(model)
        library = self._workspace.library

        def build() -> list[tuple[int, str, int]]:
            from workbench.search.weakest import weakest_synonyms

            entries = list(self._history.snapshot(info).stream())
            return weakest_synonyms(entries, lambda texts: library.vectors(model, texts, progress), progress)

        key = (library.fingerprint(model, progress), info.version_id)
        return self._lists.get(key, build)[: max(0, limit)]

    # -- the thread -------------------------------------------------------------------------------

    def _work(self) -> None:
        _half_the_threads()
        while True:
            request = self._next()
            if request is None:
                return
            try:
                self._answer(request)
            except _Superseded:
                continue
            except WorkbenchError as error:
                self._fail(request, LocalText(error.text("zh"), error.text("en")))
            except Exception:
                log.exception("the live effect of %s failed", request.name)
                self._fail(request, FAILED)
            with self._changed:
                if self._newest.get(request.name) is request:
                    self._done[request.name] = request

    def _next(self) -> _Request | None:
        """The request that waits longest, once its dictionary was let alone for a while; None at the end."""
        with self._changed:
            while not self._closed:
                waiting = [each for name, each in self._newest.items() if self._done.get(name) is not each]
                due = min((each.at + WAIT for each in waiting), default=None)
                now = time.monotonic()
                if due is not None and due <= now:
                    return min(waiting, key=lambda each: each.at)
                self._changed.wait(None if due is None else due - now)
        return None

    def _answer(self, request: _Request) -> None:
        library, name = self._workspace.library, request.name
        info = self._workspace.dictionaries.get(name)

        def told(state: str, fraction: float) -> None:
            self._check(request)
            self._tell(request, state, fraction)

        folder = library.folder(request.model, lambda done, _: self._tell(request, "preparing", done))
        key = (info.id, library.fingerprint_of_folder(folder))
        kept = self._kept.get(name)
        if kept is None or kept.key != key or kept.now.version > info.version:
            kept = self._begin(request, info, key)
        self._check(request)
        if kept.now.version != info.version:
            now = self._effect.follow(info, request.model, kept.now, request.terms, told)
            kept = replace(kept, before=kept.now, now=now)
        terms = self._effect.changes(request.terms, request.model, kept.before, kept.now, told)
        with self._changed:
            self._check(request)
            self._keep(name, kept)
            self._states[name] = {
                **OFF,
                "state": "ready",
                "version": info.version,
                "seconds": round(time.monotonic() - request.at, 2),
                "model": request.model,
                "progress": 1.0,
                "terms": terms,
            }
        library.encoder_of_folder(folder)  # so that the first new term finds it loaded

    def _begin(self, request: _Request, info: DictionaryInfo, key: tuple[str, str]) -> _Kept:
        """The map of the content before the last step. A newer request goes on from it."""

        def told(state: str, fraction: float) -> None:
            self._check_wanted(request)
            self._tell(request, state, fraction)

        first = self._effect.learn(self._effect.before(info), request.model, told)
        kept = _Kept(key, first, first)
        with self._changed:
            self._check_wanted(request)
            self._keep(request.name, kept)
        return kept

    def _keep(self, name: str, kept: _Kept) -> None:
        self._kept[name] = kept
        self._kept.move_to_end(name)
        while len(self._kept) > DICTIONARIES_IN_MEMORY:
            self._kept.popitem(last=False)

    def _check(self, request: _Request) -> None:
        """Raise where the request was replaced by a newer one."""
        if self._newest.get(request.name) is not request:
            raise _Superseded

    def _check_wanted(self, request: _Request) -> None:
        """Raise where a newer request has no use for this one's first map either."""
        newest = self._newest.get(request.name)
        if newest is None or newest.model != request.model:
            raise _Superseded

    def _tell(self, request: _Request, state: str, fraction: float) -> None:
        """How far the work is; who made a newer request that goes on from it is told as well."""
        with self._changed:
            newest = self._newest.get(request.name)
            if newest is not None and newest.model == request.model:
                told = {"state": state, "progress": round(min(1.0, fraction), 3)}
                self._states[request.name] = {**self._states[request.name], **told}

    def _fail(self, request: _Request, message: LocalText) -> None:
        with self._changed:
            if self._newest.get(request.name) is request:
                failed = {"state": "problem", "message": message.as_json(), "terms": []}
                self._states[request.name] = {**self._states[request.name], **failed}

    # -- inside -----------------------------------------------------------------------------------

    def _model(self, info: DictionaryInfo, given: str | None) -> str:
        if given is not None:
            _check_not_baseline(given)
            return self._workspace.library.check(given)
        last = self._newest.get(info.name)
        if last is not None:
            return last.model
        for run in self._workspace.runs.all():
            if self._workspace.dictionaries.owns(info.id, run.version_id):
                try:
                    return self._workspace.library.check(run.base_model)
                except WorkbenchError:  # it was deleted meanwhile
                    break
        return default_spec().id


def _check_not_baseline(model: str) -> None:
    if model in {info.id for info in baseline_infos()}:
        raise BadParameter(
            LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
            LocalText("请选一个模型。", "Choose a model."),
            model=model,
        )


def _half_the_threads() -> None:
    """This thread uses half of torch's, so that the page stays quick; every other one as many as before."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // 2))
    # The library keeps what was set last as the number for all who ask; the limit itself is this thread's.
    other = threading.Thread(target=torch.set_num_threads, args=(threads,))
    other.start()
    other.join()
