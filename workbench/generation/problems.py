"""What can go wrong with a language model's endpoint, in words, and whether it is worth another try."""

from __future__ import annotations

from workbench.errors import WorkbenchError
from workbench.localtext import LocalText

LONGEST_REASON = 240  # characters of a server's own words that are shown


class EndpointProblem(WorkbenchError):
    """The endpoint of a language model cannot be reached, refuses, or answers with something else.

    ``status``: of HTTP, 0 where there was none; ``words``: the server's own, the key taken out.
    """

    status: int = 0
    words: str = ""


class EndpointRefused(EndpointProblem):
    """It will refuse the next request too: wrong key, address or model. Ends a job."""


class RequestRefused(EndpointProblem):
    """This one request cannot be answered; another one may."""


class EndpointBusy(EndpointProblem):
    """It may pass: no answer in time, a broken connection, too many requests, an error of the server.

    ``retry_after``: seconds that the server asks to wait, where it says so.
    """

    retry_after: float | None = None


def no_answer_in_time(seconds: float) -> EndpointBusy:
    """The whole answer did not come within the time that was given."""
    return EndpointBusy(
        LocalText("语言模型在 {seconds} 秒内没有答完。", "The language model did not answer in {seconds} s."),
        LocalText(
            "请检查它是否在运行；模型较慢时，把超时调大，或减少每次要的条数。",
            "Check that it runs; with a slow model allow more time, or ask for fewer rows at once.",
        ),
        seconds=f"{seconds:g}",
    )


def not_reached(url: str, why: str) -> EndpointBusy:
    """No connection, or one that broke off."""
    return EndpointBusy(
        LocalText("连不上 {url}{why}。", "No connection to {url}{why}."),
        LocalText(
            "请检查地址和端口是否正确、服务是否已启动、防火墙或代理是否放行。",
            "Check the address and the port, that the server is running, and the firewall or proxy.",
        ),
        url=url,
        why=_reason(why),
    )


def answer_too_large(limit: int) -> RequestRefused:
    """The body grew over the limit in bytes."""
    return RequestRefused(
        LocalText("回答超过 {limit} MB，已放弃。", "The answer is larger than {limit} MB; it was given up."),
        LocalText("请检查这个地址是不是聊天接口。", "Check that the address is that of a chat endpoint."),
        limit=limit // 1_000_000,
    )


def not_a_chat_answer(url: str) -> EndpointRefused:
    """A web page came, where JSON should."""
    return EndpointRefused(
        LocalText(
            "{url} 返回的是网页，不是语言模型的回答。",
            "{url} answers with a web page, not as a language model does.",
        ),
        LocalText(
            "请检查地址，通常以 /v1 结尾，例如 http://localhost:11434/v1。",
            "Check the address; it usually ends in /v1, such as http://localhost:11434/v1.",
        ),
        url=url,
    )


def broken_answer() -> EndpointBusy:
    """The body is no JSON, or not of the form that was agreed."""
    return EndpointBusy(
        LocalText("语言模型的回答不完整，读不出来。", "The language model's answer is broken."),
        LocalText(
            "如果一再出现，请检查地址是不是 OpenAI 兼容的接口。",
            "If this comes again, check that the address is an OpenAI-compatible endpoint.",
        ),
    )


def redirected(url: str, target: str) -> EndpointRefused:
    """A redirect: not followed, since the key would go along."""
    return EndpointRefused(
        LocalText("{url} 转到了别的地址：{target}。", "{url} points to another address: {target}."),
        LocalText(
            "为了不把密钥送到别处，没有跟过去；如果这个地址可信，请直接填它。",
            "It was not followed, so that the key goes nowhere else; if you trust it, enter it yourself.",
        ),
        url=url,
        target=target[:LONGEST_REASON] or "?",
    )


def wait_too_long(seconds: float) -> EndpointRefused:
    """The server asks to wait longer than a job waits."""
    return EndpointRefused(
        LocalText(
            "语言模型的服务要求等 {seconds} 秒再试。", "The language model's server asks to wait {seconds} s."
        ),
        LocalText("请过后再继续这个任务。", "Continue the job after that."),
        seconds=round(seconds),
    )


def of_status(status: int, url: str, why: str, retry_after: float | None) -> EndpointProblem:
    """The problem that an HTTP status stands for; ``why`` are the server's own words, the key taken out."""
    problem = _refusal(status, url, why) or _busy(status, why, retry_after)
    problem.status, problem.words = status, why
    return problem


def _refusal(status: int, url: str, why: str) -> EndpointProblem | None:
    """What will not pass by itself; None for what may."""
    if status == 429 and "insufficient_quota" in why:
        return EndpointRefused(
            LocalText("账户余额或配额用完了{why}。", "The account's quota is used up{why}."),
            LocalText("请充值或换一个密钥。", "Top it up, or use another key."),
            why=_reason(why),
        )
    if status == 429 or status >= 500 or status == 408:
        return None
    if status == 401:
        return EndpointRefused(
            LocalText("接口不接受密钥（401）{why}。", "The endpoint does not accept the key (401){why}."),
            LocalText(
                "请检查密钥是否填了、是否完整、是不是这个地址的。",
                "Check that the key is given, whole, and made for this address.",
            ),
            why=_reason(why),
        )
    if status == 403:
        return EndpointRefused(
            LocalText("接口不允许访问（403）{why}。", "The endpoint forbids the access (403){why}."),
            LocalText(
                "请检查密钥有没有使用这个模型的权限。", "Check that the key may be used with this model."
            ),
            why=_reason(why),
        )
    if status in (404, 405):
        return EndpointRefused(
            LocalText(
                "{url} 没有这个接口或模型（{status}）{why}。",
                "There is no such endpoint or model at {url} ({status}){why}.",
            ),
            LocalText(
                "请检查地址（通常以 /v1 结尾）和模型名称。",
                "Check the address (it usually ends in /v1) and the name of the model.",
            ),
            url=url,
            status=status,
            why=_reason(why),
        )
    return RequestRefused(
        LocalText(
            "接口不接受这个请求（{status}）{why}。",
            "The endpoint does not accept this request ({status}){why}.",
        ),
        LocalText(
            "请检查模型名称、最大长度和温度，以及提示词是否太长。",
            "Check the model's name, the longest answer and the temperature; the prompt may be too long.",
        ),
        status=status,
        why=_reason(why),
    )


def _busy(status: int, why: str, retry_after: float | None) -> EndpointBusy:
    if status == 429:
        problem = EndpointBusy(
            LocalText("请求太频繁（429）{why}。", "Too many requests (429){why}."),
            LocalText("请稍后再继续，或减少请求数。", "Continue later, or ask for less."),
            why=_reason(why),
        )
    else:
        problem = EndpointBusy(
            LocalText(
                "语言模型的服务出错（{status}）{why}。", "The language model's server failed ({status}){why}."
            ),
            LocalText("请稍后再继续；也可以看看它的日志。", "Continue later; its log may say more."),
            status=status,
            why=_reason(why),
        )
    problem.retry_after = retry_after
    return problem


def _reason(why: str) -> LocalText:
    line = " ".join("".join(c if c.isprintable() else " " for c in why).split())[:LONGEST_REASON]
    line = line.rstrip(".。!！")
    return LocalText("：{line}", ": {line}").format(line=line) if line else LocalText("", "")
