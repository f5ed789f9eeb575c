"""A client of any OpenAI-compatible chat endpoint: Ollama, vLLM, llama.cpp, a cloud."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from workbench.errors import BadParameter
from workbench.generation.address import base_address
from workbench.generation.keys import without_key
from workbench.generation.problems import (
    EndpointBusy,
    EndpointProblem,
    EndpointRefused,
    RequestRefused,
    broken_answer,
    not_a_chat_answer,
    of_status,
    redirected,
    wait_too_long,
)
from workbench.generation.transport import Exchange, exchange, stopped
from workbench.localtext import LocalText

MOST_MODELS = 1000


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where and how to ask; holds no key. ``timeout`` in seconds for one whole answer.

    Raises:
        BadParameter: a value outside its range.
    """

    base_url: str
    model: str = ""
    temperature: float = 0.7
    max_tokens: int = 1024
    timeout: float = 120.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", base_address(self.base_url))
        object.__setattr__(self, "model", self.model.strip())
        for name, value, low, high in (
            ("temperature", self.temperature, 0.0, 2.0),
            ("max_tokens", self.max_tokens, 1, 100_000),
            ("timeout", self.timeout, 0.1, 3600.0),
        ):
            if not low <= value <= high:
                raise BadParameter(
                    LocalText("{name} 应在 {low} 到 {high} 之间。", "{name} is between {low} and {high}."),
                    LocalText("请改一下。", "Change it."),
                    name=name,
                    low=f"{low:g}",
                    high=f"{high:g}",
                )


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and after what waits a request is tried again; seconds.

    The n-th wait is ``base * 2**n``, at most ``longest``, times a random share between a half and one,
    so that many clients do not come back at the same moment. A server's Retry-After goes first; where
    it is over ``patience``, the request is given up.
    """

    retries: int = 4
    base: float = 1.0
    longest: float = 30.0
    patience: float = 120.0

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait before attempt ``attempt + 1`` (0 is the first attempt)."""
        own = min(self.longest, self.base * 2.0**attempt) * random.uniform(0.5, 1.0)
        return own if asked is None else max(own, asked)


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer; ``cut`` where it ended at the longest length allowed."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What a test of the connection found; ``seconds`` for one short answer."""

    models: tuple[str, ...]
    seconds: float
    sample: str


class Endpoint:
    """Asks one endpoint, one request at a time. Used from one thread.

    ``before_attempt`` is called before every single HTTP request, repeated ones included; what it raises
    ends the call (this is how the cap on requests is kept). ``cancelled`` is looked at ten times a second.
    """

    def __init__(
        self,
        config: EndpointConfig,
        key: str = "",
        *,
        backoff: Backoff | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        before_attempt: Callable[[], None] = lambda: None,
    ) -> None:
        self.config = config
        self._key = key
        self._backoff = backoff or Backoff()
        self._cancelled = cancelled
        self._before_attempt = before_attempt
        self._renamed_limit = False
        self._own_temperature = True

    def __repr__(self) -> str:
        return f"<Endpoint {self.config.base_url} {self.config.model}>"

    def ask(self, prompt: str, *, system: str = "", max_tokens: int | None = None) -> Reply:
        """The model's answer to one prompt. An answer without text is an empty reply, not an error.

        Raises:
            EndpointRefused, RequestRefused, EndpointBusy: in words, after the tries that make sense.
            Stopped: cancelled meanwhile.
        """
        if not self.config.model:
            raise BadParameter(
                LocalText("没有选语言模型。", "No language model is chosen."),
                LocalText("请填写模型名称，或从列表里选。", "Enter its name, or choose it from the list."),
            )
        messages = [{"role": "system", "content": system}] if system.strip() else []
        messages.append({"role": "user", "content": prompt})
        limit = max_tokens or self.config.max_tokens
        for _ in range(3):
            try:
                return self._reply(self._call("POST", "/chat/completions", self._payload(messages, limit)))
            except RequestRefused as problem:
                if not self._adapt(problem):
                    raise
        return self._reply(self._call("POST", "/chat/completions", self._payload(messages, limit)))

    def models(self) -> list[str]:
        """The names of the models that the endpoint offers. Raises as :meth:`ask` does."""
        answer = self._call("GET", "/models", None)
        entries = answer.get("data", answer.get("models"))
        names = [
            str(entry.get("id") or entry.get("name") or "") if isinstance(entry, dict) else str(entry)
            for entry in (entries if isinstance(entries, list) else [])[:MOST_MODELS]
        ]
        return sorted({without_key(name, self._key)[:200] for name in names if name.strip()})

    def test(self) -> ConnectionReport:
        """Ask for the models and for one word. An endpoint without a list of models is fine.

        Raises:
            EndpointProblem: in words.
        """
        try:
            models = tuple(self.models())
        except EndpointRefused as problem:
            if problem.status not in (404, 405):
                raise
            models = ()
        began = time.monotonic()
        reply = self.ask("Answer with the single word: OK", max_tokens=min(64, self.config.max_tokens))
        return ConnectionReport(models, time.monotonic() - began, " ".join(reply.text.split())[:80])

    # -- inside ---------------------------------------------------------------------------------

    def _payload(self, messages: list[dict[str, str]], limit: int) -> dict[str, Any]:
        payload: dict[str, Any] = {"model": self.config.model, "messages": messages, "stream": False}
        payload["max_completion_tokens" if self._renamed_limit else "max_tokens"] = limit
        if self._own_temperature:
            payload["temperature"] = self.config.temperature
        return payload

    def _adapt(self, problem: RequestRefused) -> bool:
        """Newer cloud models have another name for the length and no temperature; their refusal says so."""
        if "max_completion_tokens" in problem.words and not self._renamed_limit:
            self._renamed_limit = True
            return True
        if "temperature" in problem.words and self._own_temperature:
            self._own_temperature = False
            return True
        return False

    def _call(self, method: str, path: str, payload: dict[str, Any] | None) -> dict[str, Any]:
        attempt = 0
        while True:
            if self._cancelled():
                raise stopped()
            self._before_attempt()
            try:
                return self._once(method, path, payload)
            except EndpointBusy as problem:
                asked = problem.retry_after
                if asked is not None and asked > self._backoff.patience:
                    raise wait_too_long(asked) from None
                if attempt >= self._backoff.retries:
                    raise
                self._sleep(self._backoff.wait(attempt, asked))
            attempt += 1

    def _once(self, method: str, path: str, payload: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        content = None
        if payload is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        answer = exchange(
            method,
            self.config.base_url + path,
            headers,
            content,
            timeout=self.config.timeout,
            cancelled=self._cancelled,
        )
        return self._read(answer)

    def _read(self, answer: Exchange) -> dict[str, Any]:
        url = self.config.base_url
        if 300 <= answer.status < 400:
            raise redirected(url, without_key(answer.headers.get("location", ""), self._key))
        data = _json_of(answer.body)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer.status, data, answer.headers.get("retry-after"))
        if data is None and answer.body.lstrip()[:1] == b"<":
            raise not_a_chat_answer(url)
        if isinstance(data, list):  # some servers list their models without a wrapping
            return {"data": data}
        if not isinstance(data, dict):
            raise broken_answer()
        if data.get("error") and not data.get("choices"):
            raise self._refusal(_status_in(data["error"]), data, None)
        return data

    def _refusal(self, status: int, data: Any, retry_after: str | None) -> EndpointProblem:
        why = without_key(_words_of(data), self._key)
        return of_status(status, self.config.base_url, why, _seconds(retry_after))

    def _reply(self, data: dict[str, Any]) -> Reply:
        choices = data.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        if not isinstance(first, dict) or not isinstance(message, dict):
            return Reply("")
        content = message.get("content")
        if isinstance(content, list):
            parts = [part.get("text") for part in content if isinstance(part, dict)]
            content = "".join(part for part in parts if isinstance(part, str))
        text = content if isinstance(content, str) else ""
        return Reply(without_key(text, self._key), first.get("finish_reason") == "length")

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._cancelled():
                raise stopped()
            time.sleep(min(left, 0.1))


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _words_of(data: Any) -> str:
    """A server's own words on an error: OpenAI, vLLM, Ollama and FastAPI each have their place for them."""
    if not isinstance(data, dict):
        return ""
    error = data.get("error", data)
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    words = error.get("message") or error.get("detail") or ""
    code = error.get("code")
    text = words if isinstance(words, str) else json.dumps(words, ensure_ascii=False)
    return f"{text} ({code})" if isinstance(code, str) and code and code not in text else text


def _status_in(error: Any) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _seconds(header: str | None) -> float | None:
    """Retry-After: seconds, or a date."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
