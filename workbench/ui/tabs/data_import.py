"""What an upload asks the server: how a file reads, what saving it would do, and to save it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.names import LONGEST_NAME, tidy, unique
from workbench.ui import incoming, reading
from workbench.ui.errors import sentence_for
from workbench.ui.page import Page
from workbench.ui.present import both, dictionary_json
from workbench.ui.present_data import check_json, corpus_json, plan_json, preview_json, retrieval_json
from workbench.ui.present_pairs import set_json
from workbench.ui.uploads import Upload, Uploads

if TYPE_CHECKING:
    from workbench.ui.background import Report, Task

Function = Callable[[dict[str, Any]], dict[str, Any]]
ROOM = 4  # characters left free behind a proposed name: for the number that makes it unique
ANSWER_WITHIN = 0.9  # seconds; what takes longer is asked for again and shows its progress
MODES = ("new", "merge", "replace")


@dataclass(frozen=True)
class Wish:
    """A question of the form: which file, read as what and how, and where it is to go."""

    upload: Upload
    second: Upload | None
    kind: str | None
    how: reading.How
    mode: str
    name: str

    @property
    def key(self) -> tuple[Any, ...]:
        """What the answer depends on, but for what is stored."""
        return self.second.token if self.second else "", self.kind, self.how, self.mode, self.name


def functions(page: Page, uploads: Uploads) -> list[Function]:
    """In the order in which the form asks them."""
    return [
        _choices(page),
        _look(page, uploads),
        *_closer(page, uploads),
        _save(page, uploads),
        _forget(uploads),
    ]


def _choices(page: Page) -> Function:
    def read_choices(_data: dict[str, Any]) -> dict[str, Any]:
        """What the form offers: encodings and formats with their names, and the names that are taken."""
        from workbench.ingest.encodings import ENCODINGS
        from workbench.ingest.table import FORMAT_NAMES

        return {
            "encodings": [{"id": key, "name": both(name)} for key, name in ENCODINGS.items()],
            "formats": [{"id": key, "name": both(name)} for key, name in FORMAT_NAMES.items()],
            "scopes": list(reading.SCOPES),
            "names": _names(page),
        }

    return read_choices


def _names(page: Page) -> dict[str, list[str]]:
    services = page.services
    return {
        "dictionary": [info.name for info in services.dictionaries()],
        "pairs": [info.name for info in services.pair_sets.all()],
        "corpus": [info.name for info in services.corpora.all()],
        "retrieval": [info.name for info in services.retrieval_sets.all()],
    }


def _wish(uploads: Uploads, data: dict[str, Any]) -> Wish:
    from workbench.ingest.encodings import ENCODINGS

    second = incoming.words(data, "second", limit=60, default="")
    how = data.get("how")
    return Wish(
        uploads.get(incoming.words(data, "token", limit=60)),
        uploads.get(second) if second else None,
        incoming.one_of(data, "kind", ("", *reading.KINDS), default="") or None,
        reading.how_from(how if isinstance(how, dict) else {}, list(ENCODINGS)),
        incoming.one_of(data, "mode", MODES, default="new"),
        incoming.words(data, "name", limit=LONGEST_NAME * 2, default=""),
    )


def _look(page: Page, uploads: Uploads) -> Function:
    def look(data: dict[str, Any]) -> dict[str, Any]:
        """What the file holds and what saving it would do; where that takes long, that it is under way."""
        wish = _wish(uploads, data)
        key = ("look", *wish.key, _version(page, wish))
        return _answered(page, wish.upload, key, lambda _report: _looked(page, wish))

    return look


def _answered(
    page: Page, upload: Upload, key: tuple[Any, ...], work: Callable[[Report], dict[str, Any]]
) -> dict[str, Any]:
    """The answer if it is there within a moment, else how far it has come."""
    found = upload.result(key)
    if found is not None:
        return found
    name = f"import:{upload.token}:{hash(key)}"
    task = page.imports.find(name)
    if task is None or (task.done and not task.error):
        task = page.imports.start(name, lambda report: upload.remember(key, work(report)))
    deadline = time.monotonic() + ANSWER_WITHIN
    while not task.done and time.monotonic() < deadline:
        time.sleep(0.02)
    if not task.done:
        return {"working": _progress(task)}
    page.imports.forget(name)
    if task.error:
        return {"error": both(task.error)}
    return upload.result(key) or {"working": _progress(task)}  # newer uploads took its room: asked again


def _progress(task: Task) -> dict[str, Any]:
    return {"fraction": task.fraction or None, "words": both(task.words)}


def _version(page: Page, wish: Wish) -> int:
    """Of the dictionary that the file would go into: what is planned holds for this version only."""
    if wish.mode == "new" or wish.kind not in (None, "dictionary"):
        return 0
    return page.services.dictionary(wish.name).version


def _looked(page: Page, wish: Wish) -> dict[str, Any]:
    services, upload = page.services, wish.upload
    guess = reading.guess(services, upload, wish.how)
    kind = wish.kind or ("retrieval" if wish.second else guess.kind)
    answer: dict[str, Any] = {
        "kind": kind,
        "guess": {"kind": guess.kind, "sure": guess.sure, "reason": both(guess.reason)},
        "proposed": _proposed(page, kind, upload.name),
    }
    try:
        found = reading.read(services, upload, wish.second, kind, wish.how)
    except WorkbenchError as error:
        by_hand = reading.columns_to_choose(services, upload, kind, wish.how)
        return {**answer, **by_hand, "problem": both(sentence_for(error))}
    answer |= preview_json(kind, found)
    if kind == "dictionary" and wish.mode != "new":
        plan = services.importer.plan(found, wish.name, wish.mode)  # type: ignore[arg-type]  # a choice
        answer["plan"] = plan_json(plan, services.dictionary(wish.name).pairs)
    return answer


def _proposed(page: Page, kind: str, filename: str) -> dict[str, Any]:
    """The file's own name, and a free one; ``taken`` where something of that name is there already."""
    plain = tidy(Path(filename).stem)[: LONGEST_NAME - ROOM].strip() or kind
    names = _names(page)[kind]
    return {"plain": plain, "free": unique(plain, set(names)), "taken": plain in names}


def _closer(page: Page, uploads: Uploads) -> list[Function]:
    def look_closer(data: dict[str, Any]) -> dict[str, Any]:
        """Near duplicates, odd lengths and chains within the file: they take time, so only on request."""
        wish = _wish(uploads, data)

        def work(report: Report) -> dict[str, Any]:
            found = reading.read(page.services, wish.upload, None, "dictionary", wish.how)
            return {"check": check_json(page.services.importer.check_preview(found, progress=report))}

        return _answered(page, wish.upload, ("closer", wish.how), work)

    return [look_closer]


def _save(page: Page, uploads: Uploads) -> Function:
    def save_upload(data: dict[str, Any]) -> dict[str, Any]:
        """Save what the preview shows; it is not read again."""
        wish = _wish(uploads, data)
        author = incoming.author(data)
        planned = incoming.whole(data, "based_on", 0, 10**9, default=0) or None

        def work(_report: Report) -> dict[str, Any]:
            return {"saved": _saved(page, wish, author, planned)}

        attempt = incoming.whole(data, "attempt", 0, 10**6, default=0)
        return _answered(page, wish.upload, ("save", attempt, *wish.key), work)

    return save_upload


def _saved(page: Page, wish: Wish, author: str, planned: int | None) -> dict[str, Any]:
    """Store an upload; ``planned`` is the version that the preview was held against."""
    services, kind = page.services, wish.kind or "dictionary"
    found = reading.read(services, wish.upload, wish.second, kind, wish.how)
    source, replace = wish.upload.name, wish.mode == "replace"
    shown: dict[str, Any]
    before: Any = None
    if kind == "dictionary":
        before = services.dictionary(wish.name) if wish.mode != "new" else None
        info: Any = services.importer.save(
            found,
            wish.name,
            wish.mode,  # type: ignore[arg-type]  # a choice
            source,
            author,
            based_on=planned,
        )
        changed = before is None or info.version != before.version
        shown = {**dictionary_json(info), "before": before.pairs if before else 0}
    else:
        store, present = {
            "pairs": (services.pair_sets, set_json),
            "corpus": (services.corpora, corpus_json),
            "retrieval": (services.retrieval_sets, retrieval_json),
        }[kind]
        before = {each.id for each in store.all()}  # type: ignore[attr-defined]  # one of three
        by = {"author": author} if kind == "pairs" else {}
        info = store.save(wish.name, found, source=source, replace=replace, **by)  # type: ignore[attr-defined]  # three
        changed = info.id not in before
        shown = present(info)  # type: ignore[operator]  # that store's
    return {"kind": kind, "mode": wish.mode, "changed": changed, "info": shown}


def _forget(uploads: Uploads) -> Function:
    def forget_upload(data: dict[str, Any]) -> dict[str, Any]:
        """The files were saved."""
        for key in ("token", "second"):
            token = incoming.words(data, key, limit=60, default="")
            if token:
                uploads.forget(token)
        return {"done": True}

    return forget_upload
