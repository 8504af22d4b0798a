"""``vocab extend`` and ``vocab inspect``."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coqui_amharic_ext.cli.output import emit, show

if TYPE_CHECKING:
    from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
    from coqui_amharic_ext.data.coverage import Coverage

app = typer.Typer(
    help="XTTS vocabularies: add Amharic, see how they cover a corpus.", no_args_is_help=True
)

Vocab = Annotated[Path, typer.Option("--vocab", help="XTTS's vocab.json.")]
Corpus = Annotated[
    list[Path] | None,
    typer.Option(
        "--corpus",
        help="Metadata of a corpus, or a .txt with one text per line; may be repeated.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Mode(str, Enum):
    """Text modes."""

    ipa = "ipa"
    fidel = "fidel"


@app.command()
def extend(
    vocab: Vocab,
    out: Annotated[Path, typer.Option("--out", help="The extended vocabulary.")],
    mode: Annotated[
        Mode, typer.Option(help="ipa: one token per phone. fidel: letters and BPE pieces.")
    ] = Mode.ipa,
    corpus: Corpus = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="fidel: the maximum of Ethiopic tokens (default 2000), letters included."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Append Amharic to an XTTS vocabulary; no existing token, id or merge changes.

    fidel learns its pieces from the corpus; with ipa a corpus is only checked for coverage. The
    vocabulary records the mode. Then extend the model: coqui-amharic checkpoint extend.
    Example: coqui-amharic vocab extend --vocab vocab.json --mode ipa --out vocab_am.json
    """
    from coqui_amharic_ext.coqui.vocabulary import extend_file
    from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
    from coqui_amharic_ext.data.texts import read_corpus

    texts = (sample.text for sample in read_corpus(corpus or ()))
    extension = extend_file(vocab, out, mode.value, texts if mode is Mode.fidel else (), size)
    covered = _coverage(out, corpus, None) if corpus else None
    if json:
        emit(
            {
                "vocab": str(vocab),
                "out": str(out),
                **asdict(extension),
                "coverage": _document(covered),
            }
        )
        return
    added = len(extension.added)
    show(
        f"{out}: {extension.after} rows, was {extension.before}; {added} tokens and "
        f"{extension.merges} merges added for {extension.mode}\n"
    )
    if extension.note:
        show(f"{extension.note}\n")
    if covered is not None:
        _show(covered, XttsVocabulary.read(out))


@app.command()
def inspect(
    vocab: Vocab,
    corpus: Corpus = None,
    mode: Annotated[
        Mode | None, typer.Option(help="Text mode, for a vocabulary that records none.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the contents of a vocabulary, and how it encodes a corpus.

    Example: coqui-amharic vocab inspect --vocab vocab_am.json --corpus metadata.csv
    """
    from coqui_amharic_ext.coqui.text_mode import MODES
    from coqui_amharic_ext.coqui.vocabulary import missing_symbols, why
    from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary

    found = XttsVocabulary.read(vocab)
    facts = {
        "vocab": str(vocab),
        "rows": found.number_tokens,
        "tokens": len(found.tokens),
        "merges": len(found.merges),
        "holes": list(found.holes),
        "languages": list(found.languages),
        "unk_token": found.unknown,
        "mode": found.mode,
        "mode_told_by": why(found),
        "missing": {text_mode: list(missing_symbols(found, text_mode)) for text_mode in MODES},
    }
    if mode is not None and not corpus:
        raise ValueError("--mode needs a corpus to encode; give one with --corpus")
    covered = _coverage(vocab, corpus, mode) if corpus else None
    if json:
        emit({**facts, "coverage": _document(covered)})
        return
    show(
        f"{vocab}: {facts['rows']} rows, {facts['tokens']} tokens, {facts['merges']} merges\n"
        f"ids without a token: {', '.join(map(str, found.holes)) or 'none'}\n"
        f"languages: {' '.join(found.languages)}\n"
        f"Amharic: {f'{found.mode} ({why(found)})' if found.mode else 'not extended'}\n"
    )
    if found.unknown is None:
        show("no unk_token: text that the vocabulary lacks is dropped\n")
    if found.mode is not None:
        missing = missing_symbols(found, found.mode)
        kind = "phones" if found.mode == "ipa" else "letters"
        show(f"missing {kind}: {len(missing)}{_some(missing)}\n")
    if covered is not None:
        _show(covered, found)


def _coverage(
    vocab: Path, corpus: list[Path], mode: Mode | None, *, clips: bool = True
) -> Coverage:
    from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
    from coqui_amharic_ext.data.coverage import coverage
    from coqui_amharic_ext.data.texts import read_corpus

    chosen = None if mode is None else mode.value
    return coverage(XttsVocabulary.read(vocab), read_corpus(corpus), chosen, clips=clips)


def _document(covered: Coverage | None) -> dict[str, object] | None:
    return None if covered is None else {**asdict(covered), "share": covered.share}


def _show(covered: Coverage, vocabulary: XttsVocabulary) -> None:
    unknown = vocabulary.unknown or "loss"
    rate = covered.tokens_per_second
    speed = "no clips" if rate is None else f"{rate:.2f}"
    show(
        f"texts without {unknown}: {covered.known_texts} of {covered.texts} ({covered.share:.1%})\n"
        f"tokens: {covered.tokens}, the longest text {covered.longest} "
        f"({covered.longest_where})\n"
        f"tokens per second of speech: {speed}\n"
        f"unused tokens of Amharic: {len(covered.unused)}{_some(covered.unused)}\n"
    )
    for piece, count in covered.unknown:
        show(f"{unknown} {piece!r}: {count}\n")


def _some(tokens: tuple[str, ...], most: int = 40) -> str:
    if not tokens:
        return ""
    return f" ({' '.join(tokens[:most])}{' …' if len(tokens) > most else ''})"
