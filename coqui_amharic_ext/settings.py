"""One frozen ``Settings``: from arguments, then ``COQUI_AMHARIC_*`` variables, then defaults."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from coqui_amharic_ext import run_folder
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.io.forking import ForkSafeLock
from coqui_amharic_ext.options import (
    PREFIX,
    XTTS,
    check_name,
    check_names,
    check_seconds,
    choice,
    count,
    option,
    parse_freeze,
    parse_language_weights,
    parse_names,
    path,
    switch,
    written,
)
from coqui_amharic_ext.text.policy import TextPolicy

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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every choice a user has. Immutable and picklable; unknown values raise ``SettingsError``.

    Each field can also be set by an environment variable: ``COQUI_AMHARIC_`` and the field's name
    in capitals (see ``ENVIRONMENT``; ``g2p_backends`` has ``COQUI_AMHARIC_G2P``). Names of backends
    and kernels are known to the plugins, see ``plugins.require_known``.
    """

    g2p_backends: tuple[str, ...] = option(
        OWN_G2P_BACKENDS,
        "G2P backends in the order in which they are tried",
        parse=parse_names,
        check=check_names,
        variable="G2P",
    )
    backend_timeout: float = option(
        20.0,
        "seconds after which a G2P backend that does not answer is put aside",
        parse=float,
        check=check_seconds,
    )
    lexicon: str | None = path(
        "TSV file of the user's own words (word, IPA); wins over every backend"
    )
    transphone_dir: str | None = path("folder with the transphone and phonepiece model files")
    narrow: bool = switch(False, "narrow IPA output (b → β between vowels, n → m)")
    elision: bool = switch(
        False, "fluent speech: no ʔɨ or ʔ after a preposition's ə (የእኔ jəne, ከአገር kaɡəɾ)"
    )
    text: str = written(
        "",
        "text policies, such as latin=spell,hours24=on",
        TextPolicy.from_string,
        "latin=spell,hours24=on",
    )
    xtts_text: str = choice(
        "auto",
        "what XTTS reads for Amharic: ipa (phones) or fidel (letters); auto: what the vocabulary "
        "was made for, ipa where it does not say",
        XTTS_TEXT_CHOICES,
        model=XTTS,
    )
    on_bad_sample: str = choice(
        "raise",
        "an XTTS training sample that cannot be used: raise, or skip with a warning",
        ON_BAD_SAMPLE_CHOICES,
        model=XTTS,
    )
    attention: str = option(
        "auto", "attention kernel of the XTTS GPT", check=check_name, model=XTTS
    )
    attention_dropout: str = choice(
        "keep",
        "keep: only kernels that honour dropout; zero: switch attention dropout off",
        DROPOUT_CHOICES,
        model=XTTS,
    )
    packing: bool = switch(True, "train the XTTS GPT on sequences without padding", model=XTTS)
    fused_gelu: bool = switch(
        True, "train the XTTS GPT with a fused GELU, equal within float32 noise", model=XTTS
    )
    needed_logits: bool = switch(
        True, "compute logits only where there is a target; needs packing", model=XTTS
    )
    conditioning_sdpa: bool = switch(
        True, "run XTTS's conditioning encoder and perceiver through SDPA", model=XTTS
    )
    compile: bool = switch(False, "compile the XTTS GPT's blocks for training", model=XTTS)
    checkpointing: int = count(
        "recompute every N-th block of the GPT and its conditioning in backward; 0 is off",
        "0 (off) or N for every N-th block",
        model=XTTS,
    )
    precision: str = choice(
        "stock", "training precision; stock leaves the recipe's own", PRECISION_CHOICES
    )
    fused_adamw: bool = switch(False, "run the recipe's Adam or AdamW as a fused kernel")
    index_true_dataset: bool = switch(
        False,
        "XTTS training visits each sample by its index, seeded, shared among ranks",
        model=XTTS,
    )
    language_weights: str = written(
        "",
        "share of each language, such as am=3,en=1, or uniform; implies index_true_dataset",
        parse_language_weights,
        "am=3,en=1",
        model=XTTS,
    )
    batch_tokens: int = count(
        "fill training batches to this many tokens; 0 is off; implies index_true_dataset",
        "0 (off) or a whole number of tokens",
        model=XTTS,
    )
    freeze: str = written(
        "",
        "parts of the XTTS GPT not to train: all_but_text, or some of text, mel, positions,"
        " conditioning, transformer",
        parse_freeze,
        "all_but_text",
        model=XTTS,
    )
    freeze_steps: int = count(
        "training steps after which frozen parts are trained, too; 0 is never",
        "0 (never) or a whole number of steps",
        model=XTTS,
    )

    def __post_init__(self) -> None:
        names: object = self.g2p_backends
        names = parse_names(names) if isinstance(names, str) else tuple(self.g2p_backends)
        object.__setattr__(self, "g2p_backends", names)
        for declared in fields(self):
            value = getattr(self, declared.name)
            try:
                declared.metadata["check"](value)
            except (TypeError, ValueError) as error:
                raise SettingsError(f"{declared.name}={value!r} is not valid; {error}") from error
        if self.attention == "off" and self.attention_dropout == "zero":
            raise SettingsError(
                'attention_dropout="zero" needs a kernel of this package, attention is "off"'
            )
        if self.freeze_steps and not self.freeze:
            raise SettingsError(f"freeze_steps={self.freeze_steps} needs freeze, which is empty")

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
        by_variable = {ENVIRONMENT[f.name]: f for f in fields(cls)}
        for variable, raw in environ.items():
            if variable in _OTHER_VARIABLES:
                _check_other(variable, raw)
                continue
            if variable not in by_variable:
                _refuse_unknown(variable, raw)
                continue
            declared = by_variable[variable]
            if declared.name in overrides:
                continue
            try:
                values[declared.name] = declared.metadata["parse"](raw)
            except ValueError as error:
                raise SettingsError(f"{variable}={raw!r} is not valid; {error}") from error
        return cls(**values, **overrides)

    def to_environment(self) -> dict[str, str]:
        """Return the variables that make a child process choose the same, defaults left out."""
        result = {}
        for declared in fields(self):
            value = getattr(self, declared.name)
            if value == declared.default:
                continue
            if isinstance(value, bool):
                value = int(value)
            elif isinstance(value, tuple):
                value = ",".join(value)
            result[ENVIRONMENT[declared.name]] = "" if value is None else str(value)
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


ENVIRONMENT: Final[dict[str, str]] = {
    f.name: PREFIX + (f.metadata["variable"] or f.name.upper()) for f in fields(Settings)
}
_OTHER_VARIABLES: Final = frozenset(
    PREFIX + name for name in ("AUTOLOAD", "PLUGINS", "TRACEBACK", "DEV_DATA")
)


XTTS_ONLY: Final = tuple(f.name for f in fields(Settings) if f.metadata["model"] == XTTS)
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


def refuse(error: SettingsError) -> None:
    """Let ``get_settings`` raise an error of the environment that was found elsewhere."""
    with _Current.lock:
        _Current.settings = None
        _Current.error = error


def set_settings(settings: Settings | None) -> None:
    """Put settings in force; ``None`` goes back to the environment's, read anew on first use."""
    with _Current.lock:
        _Current.settings = settings
        _Current.error = None


def get_settings_or_none() -> Settings | None:
    """Return the settings in force, or ``None`` where none were read yet or reading failed."""
    return _Current.settings
