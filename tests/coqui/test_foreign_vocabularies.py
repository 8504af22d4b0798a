"""Vocabularies of others: told by what they hold, and nothing is lost with them in silence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint
from coqui_amharic_ext.coqui.letters import amharic_letters
from coqui_amharic_ext.coqui.readers import VocabularyReader
from coqui_amharic_ext.coqui.symbols import phone_symbols
from coqui_amharic_ext.coqui.text_mode import mode_of
from coqui_amharic_ext.coqui.vocabulary import extend_file, extend_vocabulary, missing_symbols
from coqui_amharic_ext.coqui.vocabulary_file import VocabularyError, XttsVocabulary
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.lossless import LostTextError, lacking, unknown_id
from tests.coqui.conftest import RunCommand
from tests.coqui.vocabularies import xtts_like

SPECIAL = ("[STOP]", "[UNK]", "[SPACE]", "[en]", "[am]", "[START]")
LATIN = "abcdefghijklmnopqrstuvwxyz.,;:?!'-"
KNOWN = "ሰላም ነው"
"""In the letters of ``made``'s vocabularies."""
OTHER = "ጳውሎስ"
SOME = "ሰላምነውአበ"


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    am.activate(am.Settings(g2p_backends=("rules",)))
    yield
    am.deactivate()


def made(symbols: str, unknown: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a vocabulary of byte pairs with a token for each symbol and no mark of ours."""
    ids = {token: n for n, token in enumerate(dict.fromkeys((*SPECIAL, *LATIN, *symbols)))}
    data = xtts_like()
    data["model"] |= {"vocab": ids, "merges": [], "unk_token": unknown} | changes
    data["added_tokens"] = [
        {**data["added_tokens"][0], "id": ids[token], "content": token} for token in SPECIAL
    ]
    return data


def phones() -> str:
    return "".join(phone_symbols())


def written(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("unknown", [None, "[UNK]"])
@pytest.mark.parametrize(
    ("symbols", "mode"),
    [
        (SOME, "fidel"),
        ("".join(amharic_letters()), "fidel"),
        (SOME + "əɨɲ", "fidel"),
        (phones(), "ipa"),
        # Without gemination, and ejectives as other people write them.
        ("əɨɡʔɾɲʃʒʼ͡ː", "ipa"),
        (phones() + SOME, None),
        ("ñöşəж", None),
    ],
)
def test_the_mode_is_told_by_what_is_there(
    symbols: str, mode: str | None, unknown: str | None
) -> None:
    vocabulary = XttsVocabulary(made(symbols, unknown), "theirs.json")
    vocabulary.check()
    assert vocabulary.mode == mode == mode_of(vocabulary.tokenizer())


def test_letters_are_read_without_a_mark_and_never_as_phones(tmp_path: Path) -> None:
    tokenizer = VoiceBpeTokenizer(written(tmp_path / "vocab.json", made(SOME)))
    ids = tokenizer.encode(KNOWN, "am")
    assert tokenizer.decode(ids) == f"[am]{KNOWN}"
    am.activate(am.Settings(xtts_text="ipa"))
    with pytest.raises(SettingsError, match="made for 'fidel'"):
        tokenizer.encode(KNOWN, "am")


def _normalized(normalizer: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizer
    return lambda data: {**data, "normalizer": json.loads(tokenizer.to_str())["normalizer"]}


def _pretokenized(pre_tokenizer: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    return lambda data: {**data, "pre_tokenizer": json.loads(tokenizer.to_str())["pre_tokenizer"]}


def _same(data: dict[str, Any]) -> dict[str, Any]:
    return data


LOSSES: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "letters": (made(SOME), _same, "'ጳ', 'ሎ', 'ስ'"),
    "phones": (made(phones().replace("ƥ", "")), _same, "'ƥ'"),
    "bytes that are not there": (made(SOME, byte_fallback=True), _same, "'ጳ', 'ሎ', 'ስ'"),
    "normalizer": (made(SOME + OTHER), _normalized(normalizers.Replace("ጳ", "")), "'ጳ'"),
    "changed": (made(SOME + OTHER), _normalized(normalizers.Replace("ጳ", "ሰ")), "'ጳ'"),
    "changed, and an unknown token": (
        made(SOME + OTHER, "[UNK]"),
        _normalized(normalizers.Replace("ጳ", "ሰ")),
        "'ጳ'",
    ),
    "pre_tokenizer": (
        made(SOME + OTHER),
        _pretokenized(pre_tokenizers.CharDelimiterSplit("ጳ")),
        "'ጳ'",
    ),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_what_would_be_lost_is_an_error_that_names_it(tmp_path: Path, kind: str) -> None:
    data, change, named = LOSSES[kind]
    path = written(tmp_path / "vocab.json", change(data))
    tokenizer = VoiceBpeTokenizer(path)
    with pytest.raises(LostTextError, match=f"drops or changes {named}.*vocab extend"):
        tokenizer.encode(OTHER, "am")
    reading = VocabularyReader(path)(OTHER, "am")
    assert ", ".join(map(repr, reading.unknown)) == named


def test_a_labialised_phone_is_not_lowered_to_a_plain_one(tmp_path: Path) -> None:
    data = _normalized(normalizers.Lowercase())(made(phones()))
    tokenizer = VoiceBpeTokenizer(written(tmp_path / "vocab.json", data))
    assert tokenizer.encode("ሰላም", "am")
    with pytest.raises(LostTextError, match="'K'"):
        tokenizer.encode("ኳስ", "am")


def test_bytes_lose_nothing(tmp_path: Path) -> None:
    data = made("", byte_fallback=True)
    ids = data["model"]["vocab"]
    ids |= {f"<0x{byte:02X}>": len(ids) + byte for byte in range(256)}
    tokenizer = VoiceBpeTokenizer(written(tmp_path / "vocab.json", data))
    assert len(tokenizer.encode(OTHER, "am")) > 6
    assert VocabularyReader(tmp_path / "vocab.json")("naïve", "en").unknown == ()


def test_byte_level_text_is_whole_and_extending_says_why_not() -> None:
    alphabet = "".join(sorted(pre_tokenizers.ByteLevel.alphabet()))
    data = _pretokenized(pre_tokenizers.ByteLevel(add_prefix_space=False))(made(alphabet))
    decoder = Tokenizer(models.BPE())
    decoder.decoder = decoders.ByteLevel()
    data["decoder"] = json.loads(decoder.to_str())["decoder"]
    vocabulary = XttsVocabulary(data, "bytes.json")
    assert lacking(vocabulary.tokenizer(), ["ሰላም", "[SPACE]", "ƭ"]) == []
    with pytest.raises(VocabularyError, match=r"pre_tokenizer \(ByteLevel\) does not let"):
        extend_vocabulary(vocabulary, "ipa")


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"), ["b"]),
        (models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"), ["b"]),
        (models.Unigram([("<unk>", 0.0), ("a", -1.0)], 0, False), ["b"]),
        (models.BPE({"a": 0}, []), ["b"]),
        (models.BPE({"a": 0, "<unk>": 1}, [], unk_token="<unk>", fuse_unk=True), ["b"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_loss_is_seen_in_every_model_of_tokenizers(model: Any, named: list[str]) -> None:
    tokenizer = Tokenizer(model)
    assert lacking(tokenizer, ["a", "a"]) == []
    assert lacking(tokenizer, ["a", "b", "a", "b"]) == named * 2


@pytest.mark.parametrize("type_of", ["WordLevel", "Unigram", "WordPiece"])
def test_other_models_are_refused_by_name(type_of: str) -> None:
    data = made(SOME)
    data["model"]["type"] = type_of
    with pytest.raises(VocabularyError, match=f"its type is '{type_of}'.*Give the vocab.json"):
        XttsVocabulary(data, "theirs.json").check()


def test_an_unknown_token_that_is_only_added_is_refused(tmp_path: Path) -> None:
    data = made(SOME, "[UNK]")
    del data["model"]["vocab"]["[UNK]"]
    with pytest.raises(VocabularyError, match=r"'\[UNK\]' is not in model\.vocab.*leave unk_token"):
        XttsVocabulary(data, "theirs.json").check()
    tokenizer = VoiceBpeTokenizer(written(tmp_path / "vocab.json", data))
    with pytest.raises(LostTextError, match="put its unk_token into"):
        tokenizer.encode(OTHER, "am")


def test_ids_that_disagree_are_refused() -> None:
    data = made(SOME)
    data["added_tokens"][3]["id"] = 900
    with pytest.raises(VocabularyError, match=r"'\[en\]' has the id 900 in added_tokens, and"):
        XttsVocabulary(data, "theirs.json").check()


def test_another_name_for_unknown_serves_where_it_has_the_id() -> None:
    data = made(SOME, "<unk>")
    ids = data["model"]["vocab"]
    ids["<unk>"] = ids.pop("[UNK]")
    data["added_tokens"][1]["content"] = "<unk>"
    vocabulary = XttsVocabulary(data, "theirs.json")
    vocabulary.check()
    assert unknown_id(vocabulary.tokenizer()) == 1
    ids["<unk>"], ids["a"] = ids["a"], 1
    data["added_tokens"][1]["id"] = ids["<unk>"]
    with pytest.raises(VocabularyError, match=r"<unk> has id \d+, not 1, which upstream's"):
        XttsVocabulary(data, "theirs.json").check()


@pytest.mark.parametrize(
    ("symbols", "mode"), [(SOME, "fidel"), (phones().replace("ƥ", "").replace("K", ""), "ipa")]
)
def test_extending_completes_what_is_partly_there(
    tmp_path: Path, symbols: str, mode: str, run_command: RunCommand
) -> None:
    old = written(tmp_path / "theirs.json", made(symbols))
    before = XttsVocabulary.read(old)
    lacked = missing_symbols(before, mode)
    assert ("ጳ" in lacked) if mode == "fidel" else (set(lacked) == {"ƥ", "kʷ"})
    other = "ipa" if mode == "fidel" else "fidel"
    with pytest.raises(VocabularyError, match=f"is for '{mode}' .*give --mode {mode}"):
        extend_file(old, tmp_path / "no.json", other, [KNOWN])
    extend_file(old, tmp_path / "new.json", mode)
    new = XttsVocabulary.read(tmp_path / "new.json")
    assert new.extends(before) == "" and missing_symbols(new, mode) == ()
    tokenizer = VoiceBpeTokenizer(tmp_path / "new.json")
    assert tokenizer.decode(tokenizer.encode(f"{OTHER} ኳስ", "am"))

    seen = json.loads(
        run_command("coqui-amharic", "vocab", "inspect", "--vocab", old, "--json").stdout
    )
    assert (seen["mode"], seen["unk_token"]) == (mode, None)
    assert seen["missing"][mode] == list(lacked)
    shown = run_command("coqui-amharic", "vocab", "inspect", "--vocab", old).stdout
    assert f"Amharic: {mode} (by its " in shown
    assert "no unk_token:" in shown
    assert f"missing {'letters' if mode == 'fidel' else 'phones'}: {len(lacked)} (" in shown


def test_a_corpus_counts_what_is_lost(tmp_path: Path, run_command: RunCommand) -> None:
    vocab = written(tmp_path / "theirs.json", made(SOME))
    (tmp_path / "corpus.txt").write_text(f"{KNOWN}\n{OTHER}\n", encoding="utf-8")
    command = ("coqui-amharic", "vocab", "inspect", "--vocab", vocab, "--corpus", "corpus.txt")
    shown = run_command(*command).stdout
    assert "texts without loss: 1 of 2 (50.0%)" in shown
    assert "loss 'ጳ': 1" in shown


def test_a_checkpoint_is_extended_with_it(tmp_path: Path) -> None:
    old = written(tmp_path / "theirs.json", made(SOME))
    extend_file(old, tmp_path / "new.json", "fidel")
    rows = XttsVocabulary.read(old).number_tokens
    state = {
        "gpt.text_embedding.weight": torch.randn(rows, 8),
        "gpt.text_head.weight": torch.randn(rows, 8),
        "gpt.text_head.bias": torch.randn(rows),
    }
    torch.save({"model": state}, tmp_path / "model.pth")
    done = extend_checkpoint(
        tmp_path / "model.pth", old, tmp_path / "new.json", tmp_path / "out.pth"
    )
    new = torch.load(tmp_path / "out.pth", weights_only=True)["model"]
    # What is dropped is no piece to start from: ጳ is p and a by its romanisation.
    number = XttsVocabulary.read(tmp_path / "new.json").tokens["ጳ"]
    pieces = [XttsVocabulary.read(old).tokens[letter] for letter in "pa"]
    embedding = state["gpt.text_embedding.weight"]
    made_row = new["gpt.text_embedding.weight"][number]
    assert torch.allclose(made_row, embedding[pieces].mean(0), atol=1e-6)
    assert done.after > done.before and done.from_pieces > 100
