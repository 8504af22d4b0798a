"""One frozen ``Settings``: from arguments, then ``COQUI_AMHARIC_*`` variables, then defaults."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from coqui_amharic_ext import run_folder
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.io.forking import ForkSafeLock

PREFIX: Final = "COQUI_AMHARIC_"

OWN_G2P_BACKENDS: Final = ("transphone", "epitran", "rules")
ATTENTION_CHOICES: Final = (
    "auto",
    "flash_attn",
    "flash_attn_4",
    "xformers",
    "varlen",
    "blockwise",
    "sdpa",
    "eager",
    "off",
)
ON_BAD_SAMPLE_CHOICES: Final = ("raise", "skip")
DROPOUT_CHOICES: Final = ("keep", "zero")
PRECISION_CHOICES: Final = ("stock", "fp32", "bf16", "fp16")
XTTS_TEXT_CHOICES: Final = ("auto", "ipa", "fidel")

_XTTS: Final = "xtts"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def _names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _flag(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("expected one of 0, 1, true, false, yes, no, on, off")


def _path_or_none(value: str) -> str | None:
    return value or None


def _option(default: Any, parse: Callable[[str], Any], doc: str, model: str = "") -> Any:
    """Declare a setting; ``model`` is the only one that reads it, ``""`` where every model does."""
    return field(default=default, metadata={"parse": parse, "doc": doc, "model": model})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every choice a user has. Immutable and picklable; unknown values raise ``SettingsError``.

    Each field can also be set by an environment variable: ``COQUI_AMHARIC_`` and the field's name
    in capitals (two have a shorter name, see ``ENVIRONMENT``).
    """

    g2p_backends: tuple[str, ...] = _option(
        OWN_G2P_BACKENDS,
        _names,
        "G2P backends in the order in which they are tried",
    )
    backend_timeout: float = _option(
        20.0, float, "seconds after which a G2P backend that does not answer is put aside"
    )
    lexicon: str | None = _option(
        None, _path_or_none, "TSV file of the user's own words (word, IPA); wins over every backend"
    )
    transphone_dir: str | None = _option(
        None, _path_or_none, "folder with the transphone and phonepiece model files"
    )
    narrow: bool = _option(False, _flag, "narrow IPA output (b → β between vowels, n → m)")
    elision: bool = _option(
        False, _flag, "fluent speech: no ʔɨ or ʔ after a preposition's ə (የእኔ jəne, ከአገር kaɡəɾ)"
    )
    text: str = _option("", str, "text policies, such as latin=spell,hours24=on")
    xtts_text: str = _option(
        "auto",
        str,
        "what XTTS reads for Amharic: ipa (phones) or fidel (letters); auto: what the vocabulary "
        "was made for, ipa where it does not say",
        model=_XTTS,
    )
    on_bad_sample: str = _option(
        "raise",
        str,
        "an XTTS training sample that cannot be used: raise, or skip with a warning",
        model=_XTTS,
    )
    attention: str = _option("auto", str, "attention kernel of the XTTS GPT", model=_XTTS)
    attention_dropout: str = _option(
        "keep",
        str,
        "keep: only kernels that honour dropout; zero: switch attention dropout off",
        model=_XTTS,
    )
    packing: bool = _option(
        True, _flag, "train the XTTS GPT on sequences without padding", model=_XTTS
    )
    fused_gelu: bool = _option(
        True, _flag, "train the XTTS GPT with a fused GELU, equal within float32 noise", model=_XTTS
    )
    needed_logits: bool = _option(
        True, _flag, "compute logits only where there is a target; needs packing", model=_XTTS
    )
    conditioning_sdpa: bool = _option(
        True, _flag, "run XTTS's conditioning encoder and perceiver through SDPA", model=_XTTS
    )
    compile: bool = _option(False, _flag, "compile the XTTS GPT's blocks for training", model=_XTTS)
    checkpointing: int = _option(
        0,
        int,
        "recompute every N-th block of the GPT and its conditioning in backward; 0 is off",
        model=_XTTS,
    )
    precision: str = _option("stock", str, "training precision; stock leaves the recipe's own")
    fused_adamw: bool = _option(False, _flag, "run the recipe's Adam or AdamW as a fused kernel")
    index_true_dataset: bool = _option(
        False,
        _flag,
        "XTTS training visits each sample by its index, seeded, shared among ranks",
        model=_XTTS,
    )
    language_weights: str = _option(
        "",
        str,
        "share of each language, such as am=3,en=1, or uniform; implies index_true_dataset",
        model=_XTTS,
    )
    batch_tokens: int = _option(
        0,
        int,
        "fill training batches to this many tokens; 0 is off; implies index_true_dataset",
        model=_XTTS,
    )
    freeze: str = _option(
        "",
        str,
        "parts of the XTTS GPT not to train: all_but_text, or some of text, mel, positions,"
        " conditioning, transformer",
        model=_XTTS,
    )
    freeze_steps: int = _option(
        0, int, "training steps after which frozen parts are trained, too; 0 is never", model=_XTTS
    )

    def __post_init__(self) -> None:
        if isinstance(self.g2p_backends, str):
            object.__setattr__(self, "g2p_backends", _names(self.g2p_backends))
        else:
            object.__setattr__(self, "g2p_backends", tuple(self.g2p_backends))
        self._check_backends()
        self._check_text()
        self._check_choice("attention", (*ATTENTION_CHOICES, *_plugin_kernels(self.attention)))
        self._check_choice("attention_dropout", DROPOUT_CHOICES)
        if self.attention == "off" and self.attention_dropout == "zero":
            raise SettingsError(
                'attention_dropout="zero" needs a kernel of this package, attention is "off"'
            )
        self._check_choice("precision", PRECISION_CHOICES)
        self._check_choice("on_bad_sample", ON_BAD_SAMPLE_CHOICES)
        self._check_choice("xtts_text", XTTS_TEXT_CHOICES)
        for name in (f.name for f in fields(self) if isinstance(f.default, bool)):
            if not isinstance(getattr(self, name), bool):
                raise _invalid(name, getattr(self, name), "True or False")
        value = self.checkpointing
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _invalid("checkpointing", value, "0 (off) or N for every N-th block")
        value = self.batch_tokens
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _invalid("batch_tokens", value, "0 (off) or a whole number of tokens")
        self._check_language_weights()
        self._check_freeze()
        if not isinstance(self.backend_timeout, (int, float)) or not self.backend_timeout > 0:
            raise _invalid("backend_timeout", self.backend_timeout, "a number of seconds above 0")

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        if getattr(self, name) not in choices:
            raise _invalid(name, getattr(self, name), ", ".join(choices))

    def _check_backends(self) -> None:
        valid = _valid_backends(self.g2p_backends)
        if not self.g2p_backends:
            raise _invalid("g2p_backends", self.g2p_backends, "at least one of " + ", ".join(valid))
        for name in self.g2p_backends:
            if name not in valid:
                raise _invalid("g2p_backends", name, ", ".join(valid))
        if len(set(self.g2p_backends)) != len(self.g2p_backends):
            raise _invalid("g2p_backends", self.g2p_backends, "each backend once")

    def _check_language_weights(self) -> None:
        if not isinstance(self.language_weights, str):
            raise _invalid("language_weights", self.language_weights, "text such as am=3,en=1")
        if not self.language_weights:
            return
        from coqui_amharic_ext.training.batching import parse_language_weights

        try:
            parse_language_weights(self.language_weights)
        except ValueError as error:
            raise SettingsError(
                f"language_weights={self.language_weights!r} is not valid: {error}"
            ) from error

    def _check_freeze(self) -> None:
        value = self.freeze_steps
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _invalid("freeze_steps", value, "0 (never) or a whole number of steps")
        if not isinstance(self.freeze, str):
            raise _invalid("freeze", self.freeze, "text such as all_but_text")
        if not self.freeze:
            if value:
                raise SettingsError(f"freeze_steps={value} needs freeze, which is empty")
            return
        from coqui_amharic_ext.training.freezing import parse_freeze

        try:
            parse_freeze(self.freeze)
        except ValueError as error:
            raise SettingsError(f"freeze={self.freeze!r} is not valid: {error}") from error

    def _check_text(self) -> None:
        if not self.text:
            return
        from coqui_amharic_ext.text.policy import TextPolicy

        try:
            TextPolicy.from_string(self.text)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"text={self.text!r} is not valid: {error}") from error

    def replace(self, **changes: Any) -> Settings:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, **overrides: Any
    ) -> Settings:
        """Read ``COQUI_AMHARIC_*`` variables; keyword arguments win over them.

        Raises
        ------
        SettingsError
            A variable's value is not valid, or a ``COQUI_AMHARIC_*`` variable is not known.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        parsers = {ENVIRONMENT[f.name]: f for f in fields(cls)}
        for variable, raw in environ.items():
            if variable in _OTHER_VARIABLES:
                _check_other(variable, raw)
                continue
            if variable not in parsers:
                _refuse_unknown(variable, raw)
                continue
            option = parsers[variable]
            if option.name in overrides:
                continue
            try:
                values[option.name] = option.metadata["parse"](raw)
            except ValueError as error:
                raise SettingsError(f"{variable}={raw!r} is not valid: {error}") from error
        return cls(**values, **overrides)

    def to_environment(self) -> dict[str, str]:
        """Return the variables that make a child process choose the same, defaults left out."""
        result = {}
        for option in fields(self):
            value = getattr(self, option.name)
            if value == option.default:
                continue
            if isinstance(value, bool):
                value = int(value)
            elif isinstance(value, tuple):
                value = ",".join(value)
            result[ENVIRONMENT[option.name]] = "" if value is None else str(value)
        return result

    def of_another_model(self, model: str) -> dict[str, str]:
        """Return the variables of settings other than default that a model does not read.

        Parameters
        ----------
        model : str
            As upstream's configs name it: ``vits``, ``xtts``.
        """
        read = {ENVIRONMENT[f.name] for f in fields(self) if f.metadata["model"] in {"", model}}
        return {k: v for k, v in self.to_environment().items() if k not in read}


_SHORT_NAMES: Final = {"g2p_backends": "G2P"}
ENVIRONMENT: Final[dict[str, str]] = {
    f.name: PREFIX + _SHORT_NAMES.get(f.name, f.name.upper()) for f in fields(Settings)
}
_OTHER_VARIABLES: Final = frozenset(
    PREFIX + name for name in ("AUTOLOAD", "PLUGINS", "TRACEBACK", "DEV_DATA")
)


XTTS_ONLY: Final = tuple(f.name for f in fields(Settings) if f.metadata["model"] == _XTTS)
"""The settings that no other model reads."""


def _check_other(variable: str, raw: str) -> None:
    if variable != PREFIX + "DEV_DATA" and raw.strip() not in {"", "0", "1"}:
        raise SettingsError(f"{variable}={raw!r} is not valid; valid values: 0, 1")


def _refuse_unknown(variable: str, raw: str) -> None:
    """Raise where a variable is meant for us, also under a prefix with a typing mistake."""
    known = sorted((*ENVIRONMENT.values(), *_OTHER_VARIABLES))
    ours = variable.startswith(PREFIX)
    if not ours and not variable.upper().startswith("COQUI"):
        return
    near = difflib.get_close_matches(variable.upper(), known, 1, 0.6 if ours else 0.85)
    if near or ours:
        meant = f"; did you mean {near[0]}" if near else ""
        listed = ", ".join(known)
        raise SettingsError(f"{variable}={raw!r} is not known{meant}; valid variables: {listed}")


def _invalid(name: str, value: object, valid: str) -> SettingsError:
    return SettingsError(f"{name}={value!r} is not valid; valid values: {valid}")


def _valid_backends(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Our own names, and those of plugins when a name is not one of ours.

    Finding plugins reads every installed distribution's metadata, which costs more than a first
    sentence does.
    """
    if chosen and set(chosen) <= set(OWN_G2P_BACKENDS):
        return OWN_G2P_BACKENDS
    from coqui_amharic_ext import plugins

    return tuple(plugins.g2p_backends())


def _plugin_kernels(chosen: str) -> tuple[str, ...]:
    """Names that plugins add; looked up only when the choice is not one of our own."""
    if chosen in ATTENTION_CHOICES:
        return ()
    from coqui_amharic_ext import plugins

    return tuple(name for name in plugins.attention_backends() if name not in ATTENTION_CHOICES)


class _Current:
    """The settings in force in this process, or the error that choosing them met."""

    settings: Settings | None = None
    error: SettingsError | None = None
    lock: Final = ForkSafeLock(rank=5)


def get_settings() -> Settings:
    """Return the settings in force: those given to ``activate()``, else the environment's.

    Raises
    ------
    SettingsError
        The environment holds a value that is not valid. Autoload remembers it without raising;
        it is raised here, on first use.
    """
    if _Current.settings is None:
        if _Current.error is not None:
            raise _Current.error
        try:
            found = of_this_process()
        except SettingsError as error:
            _Current.error = error
            raise
        with _Current.lock:
            if _Current.settings is None:  # activate() may have been quicker, in another thread
                _Current.settings = found
            return _Current.settings
    return _Current.settings


def of_this_process() -> Settings:
    """Return the settings of variables, and of the run that the command line says to go on with.

    Raises
    ------
    SettingsError
        A variable, or the run's own record of its settings, is not valid.
    """
    folder = run_folder.continued()
    kept = None if folder is None else run_folder.read(folder)
    return Settings.from_environment({**(kept or {}), **os.environ})


def set_settings(settings: Settings | None) -> None:
    """Put settings in force; ``None`` goes back to the environment's, read anew on first use."""
    with _Current.lock:
        _Current.settings = settings
        _Current.error = None


def get_settings_or_none() -> Settings | None:
    """Return the settings in force, or ``None`` where none were read yet or reading failed."""
    return _Current.settings
