"""Amharic goes behind what a vocabulary has, and nothing that was there changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.letters import amharic_letters
from coqui_amharic_ext.coqui.symbols import phone_symbols
from coqui_amharic_ext.coqui.vocabulary import (
    amharic_tokens,
    extend_file,
    extend_vocabulary,
    symbols_of,
)
from coqui_amharic_ext.coqui.vocabulary_file import VocabularyError, XttsVocabulary
from coqui_amharic_ext.coqui.xtts_text import encode_pieces, in_vocabulary, own_symbols, xtts_pieces
from coqui_amharic_ext.demo.files import sentences
from tests.coqui.conftest import FIDEL, SENTENCES
from tests.coqui.test_xtts_tokenizer import TEXT
from tests.coqui.vocabularies import HOLES, LANGUAGES, SPOKEN, write_xtts_like, xtts_like

MODES = ("ipa", "fidel")
CORPUS = (*sentences(), *SENTENCES)


@pytest.fixture(scope="module", params=["made", "upstream"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XTTS vocabulary: one made here, and the one of 5411 tokens where it is at hand."""
    if request.param == "made":
        return write_xtts_like(tmp_path_factory.mktemp("made") / "vocab.json")
    path: Path = request.getfixturevalue("dev_data") / "upstream" / "xtts_vocab.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


@pytest.fixture(scope="module", params=MODES)
def pair(
    original: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A vocabulary and what extending it gives."""
    out = tmp_path_factory.mktemp("extended") / f"{request.param}.json"
    extend_file(original, out, request.param, CORPUS if request.param == "fidel" else ())
    return original, out


def _raw(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def test_no_id_token_merge_or_setting_changes(pair: tuple[Path, Path]) -> None:
    old, new = map(_raw, pair)
    assert list(new["model"]["vocab"].items())[: len(old["model"]["vocab"])] == list(
        old["model"]["vocab"].items()
    )
    assert new["model"]["merges"][: len(old["model"]["merges"])] == old["model"]["merges"]
    assert new["added_tokens"][: len(old["added_tokens"])] == old["added_tokens"]
    for data in (old, new):
        for changed in ("vocab", "merges"):
            del data["model"][changed]
        del data["added_tokens"]
    assert new == old


def test_new_ids_start_after_the_greatest_and_holes_stay(pair: tuple[Path, Path]) -> None:
    old, new = (XttsVocabulary.read(path) for path in pair)
    added = [number for token, number in new.tokens.items() if token not in old.tokens]
    assert added == list(range(old.number_tokens, old.number_tokens + len(added)))
    assert new.holes == old.holes
    assert old.holes  # both have some; otherwise this shows nothing
    assert VoiceBpeTokenizer(pair[1]).get_number_tokens() == new.number_tokens


def test_tokens_that_no_merge_makes_are_one_character_or_special(pair: tuple[Path, Path]) -> None:
    old, new = (XttsVocabulary.read(path) for path in pair)
    made = {first + second for first, second in new.merges}
    for token in new.tokens:
        if token not in old.tokens and token not in made:
            assert len(token) == 1 or token in new.special, token


def test_amharic_has_its_language_token_as_a_special_one(pair: tuple[Path, Path]) -> None:
    tokenizer = VoiceBpeTokenizer(pair[1])
    number = tokenizer.tokenizer.token_to_id("[am]")
    assert number == XttsVocabulary.read(pair[0]).number_tokens
    assert tokenizer.encode("ሰላም", "am").count(number) == 1
    assert tokenizer.encode("ሰላም", "am")[0] == number
    assert "[am]" not in tokenizer.tokenizer.decode([number])  # special tokens are skipped


def test_other_languages_are_encoded_as_before(pair: tuple[Path, Path]) -> None:
    before, after = (VoiceBpeTokenizer(path) for path in pair)
    compared = 0
    for language, text in TEXT.items():
        try:
            ids = before.encode(text, language)
        except (ImportError, NotImplementedError):
            continue  # num2words has no Hindi; Japanese and Chinese need packages of their own
        assert after.encode(text, language) == ids, language
        compared += 1
    assert compared >= 13
    for language, text in SPOKEN.items():
        line = f"[{language}]{text}".replace(" ", "[SPACE]")
        assert after.tokenizer.encode(line).ids == before.tokenizer.encode(line).ids
        assert before.tokenizer.encode(line).ids.count(1) == 0 or "upstream" in str(pair[0])


@pytest.fixture(scope="module")
def tokenizers(pair: tuple[Path, Path]) -> tuple[Any, Any, frozenset[str]]:
    """Both tokenizers and the characters that only the extended one has."""
    old, new = (XttsVocabulary.read(path) for path in pair)
    return old.tokenizer(), new.tokenizer(), frozenset(new.tokens) - frozenset(old.tokens)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_without_new_characters_is_encoded_as_before(
    tokenizers: tuple[Any, Any, frozenset[str]], text: str
) -> None:
    before, after, new = tokenizers
    plain = "".join(c for c in text if c not in new)
    assert after.encode(plain).ids == before.encode(plain).ids


def test_every_sentence_is_encoded_without_unknown_tokens_and_decodes_back(
    pair: tuple[Path, Path],
) -> None:
    tokenizer = VoiceBpeTokenizer(pair[1])
    mode = XttsVocabulary.read(pair[1]).mode
    for sentence in (*CORPUS, "ሰላም USA እና WHOን, café Łódź!", " ".join(FIDEL)):
        ids = tokenizer.encode(sentence, "am")
        assert 1 not in ids and 0 not in ids, sentence
        text = tokenizer.preprocess_text(sentence, "am")
        assert tokenizer.decode(ids) == f"[am]{text}"
        if mode == "fidel" and sentence in CORPUS:
            words = "[ሀ-ፚ፟]+"
            assert re.findall(words, text) == re.findall(words, am.normalize(sentence))


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.sampled_from(FIDEL + " ።፣,.?!0123456789abcXYZéß«»-'"), max_size=40))
def test_any_amharic_text_is_encoded_without_unknown_tokens(
    made_pairs: dict[str, Any], text: str
) -> None:
    for mode, tokenizer in made_pairs.items():
        pieces = xtts_pieces(text, mode, known=in_vocabulary(tokenizer))
        ids = encode_pieces(tokenizer, pieces)
        assert 1 not in ids, (mode, pieces)
        decoded = tokenizer.decode(ids, skip_special_tokens=False).replace(" ", "")
        assert decoded == "[am]" + "".join(pieces).replace(" ", "[SPACE]")


@pytest.fixture(scope="module")
def made_pairs() -> dict[str, Any]:
    vocabulary = XttsVocabulary(xtts_like(), "made")
    return {m: extend_vocabulary(vocabulary, m, CORPUS)[0].tokenizer() for m in MODES}


def test_a_phone_is_one_token_whatever_merges_there_are(made_pairs: dict[str, Any]) -> None:
    tokenizer = made_pairs["ipa"]
    # The vocabulary does have the pieces of English that this would otherwise be cut into.
    assert len(tokenizer.encode("wat").ids) < 3
    pieces = xtts_pieces("ጠዋት አንድ", "ipa")
    tokens = [tokenizer.id_to_token(n) for n in encode_pieces(tokenizer, pieces)]
    assert tokens == ["[am]", *"ƭəwat", "[SPACE]", *"ʔand"]
    assert set(tokens) - {"[am]", "[SPACE]"} <= set(phone_symbols())


def test_a_labialised_phone_is_one_token(made_pairs: dict[str, Any]) -> None:
    tokenizer = made_pairs["ipa"]
    pieces = xtts_pieces("ቋንቋ ሟች", "ipa", known=in_vocabulary(tokenizer))
    tokens = [tokenizer.id_to_token(n) for n in encode_pieces(tokenizer, pieces)]
    assert tokens == ["[am]", "ƙʷ", "a", "n", "ƙʷ", "a", "[SPACE]", "mʷ", "a", "ʧ"]


def test_latin_words_are_encoded_as_in_english(made_pairs: dict[str, Any]) -> None:
    for mode, tokenizer in made_pairs.items():
        english = tokenizer.encode("water").tokens
        assert len(english) < 5
        pieces = xtts_pieces("ሰላም Water", mode, known=in_vocabulary(tokenizer))
        tokens = [tokenizer.id_to_token(n) for n in encode_pieces(tokenizer, pieces)]
        assert tokens[-len(english) :] == english


@pytest.mark.parametrize("mode", MODES)
def test_extending_again_changes_nothing(original: Path, mode: str, tmp_path: Path) -> None:
    once, twice, other = (tmp_path / name for name in ("once.json", "twice.json", "other.json"))
    first = extend_file(original, once, mode, CORPUS if mode == "fidel" else ())
    again = extend_file(once, twice, mode, CORPUS if mode == "fidel" else ())
    assert first.added and not again.added and again.merges == 0
    assert twice.read_bytes() == once.read_bytes()
    # Nor does another corpus: pieces on top would change how the model's own Amharic is encoded.
    extend_file(once, other, mode, ["ኢትዮጵያ ኢትዮጵያ ኢትዮጵያ"] if mode == "fidel" else ())
    assert other.read_bytes() == once.read_bytes()


def test_equal_corpora_give_equal_files_in_every_process(tmp_path: Path) -> None:
    vocab = write_xtts_like(tmp_path / "vocab.json")
    code = (
        "import sys; from coqui_amharic_ext.coqui.vocabulary import extend_file\n"
        "from coqui_amharic_ext.demo.files import sentences\n"
        "extend_file(sys.argv[1], sys.argv[2], 'fidel', sentences() * 3)"
    )
    written = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.json"
        subprocess.run(
            [sys.executable, "-c", code, vocab, out],
            check=True,
            env={"PYTHONHASHSEED": seed, "TOKENIZERS_PARALLELISM": str(seed == "1").lower()},
        )
        written.append(out.read_bytes())
    assert written[0] == written[1]


def test_ipa_adds_every_phone_and_nothing_that_is_there(original: Path) -> None:
    old = XttsVocabulary.read(original)
    new, extension = extend_vocabulary(old, "ipa")
    assert new.mode == "ipa" and old.mode is None
    assert set(symbols_of("ipa")) <= set(new.tokens)
    assert "t" not in extension.added and "ƭ" in extension.added
    labialised = [s for s in phone_symbols() if s.isupper()]
    assert extension.merges == len(labialised) == 25
    assert (extension.before, extension.after) == (old.number_tokens, new.number_tokens)


def test_fidel_has_every_letter_of_amharic_and_merges_for_every_piece(original: Path) -> None:
    new, extension = extend_vocabulary(XttsVocabulary.read(original), "fidel", CORPUS * 2)
    letters = set(amharic_letters())
    # The seven orders of 33 consonants, and the labialised ones: all that Amharic writes.
    assert {chr(c) for c in range(0x1208, 0x1210)} <= letters <= set(new.tokens)
    pieces = [t for t in extension.added if len(t) > 1 and t not in new.special]
    assert pieces
    assert extension.merges >= len(pieces)
    tokenizer = new.tokenizer()
    for piece in pieces:
        assert letters.issuperset(piece)
        assert "".join(tokenizer.encode(piece).tokens) == piece
    assert any(len(tokenizer.encode(piece).ids) == 1 for piece in pieces)


def test_size_bounds_letters_and_pieces_together() -> None:
    vocabulary = XttsVocabulary(xtts_like(), "made")
    letters = len(amharic_letters())
    new, extension = extend_vocabulary(vocabulary, "fidel", CORPUS * 4, size=letters + 25)
    assert len(amharic_tokens(new)) == letters + 25
    assert extension.note == ""
    more, extension = extend_vocabulary(vocabulary, "fidel", CORPUS * 4, size=5000)
    assert letters + 25 < len(amharic_tokens(more)) < 5000
    assert "instead of 5000" in extension.note
    # The first pieces do not depend on how many are wanted.
    assert amharic_tokens(more)[: letters + 25] == amharic_tokens(new)


@pytest.mark.parametrize("name", ["phones.tsv"])
def test_the_vocabulary_holds_what_the_inventory_lists(name: str) -> None:
    import coqui_amharic_ext.g2p as g2p

    assert g2p.__file__ is not None
    table = Path(g2p.__file__).with_name("data") / name
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    symbols = {own_symbols().get(row[2], row[2]) for row in rows if len(row) > 2}
    assert len(symbols) == len([row for row in rows if len(row) > 2]) > 55
    assert symbols <= set(symbols_of("ipa"))


def test_no_symbol_is_one_that_other_languages_write(made_pairs: dict[str, Any]) -> None:
    # Upstream lowers German before it reads numbers, so that capitals reach the vocabulary.
    text = VoiceBpeTokenizer().preprocess_text("12,5 und 1.000.000", "de")
    assert set(text) & set("KM") and set("KM") <= set(phone_symbols())
    for token in symbols_of("ipa"):
        assert token == token.lower(), token
    assert made_pairs["ipa"].encode("Komma").tokens[0] == "[UNK]"


def test_a_release_that_adds_a_phone_puts_it_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from coqui_amharic_ext.coqui import vocabulary as module

    old, _ = extend_vocabulary(XttsVocabulary(xtts_like(), "made"), "ipa")
    monkeypatch.setattr(module, "phone_symbols", lambda: (*phone_symbols(), "ɸ"))
    new, extension = extend_vocabulary(old, "ipa")
    assert extension.added == ("ɸ",)
    assert new.tokens["ɸ"] == old.number_tokens


def _without(*path: str) -> dict[str, Any]:
    data = xtts_like()
    inner: Any = data
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return data


def _without_token(token: str) -> dict[str, Any]:
    data = xtts_like()
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] != token]
    data["model"]["vocab"].pop(token)
    return data


def _changed(field: str, value: Any) -> dict[str, Any]:
    data = xtts_like()
    data["model"][field] = value
    return data


def _swapped() -> dict[str, Any]:
    data = xtts_like()
    ids = data["model"]["vocab"]
    ids["[STOP]"], ids["[UNK]"] = 1, 0
    for token in data["added_tokens"]:
        token["id"] = ids[token["content"]]
    return data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "no 'model', no 'added_tokens'"),
        ({"auto_map": {}}, "no 'model', no 'added_tokens'"),
        (_without("model", "merges"), "no 'model.merges'"),
        (_without("model", "vocab"), "no 'model.vocab'"),
        (_without("added_tokens"), "no 'added_tokens'"),
        (_without_token("[START]"), r"no special token \[START\]"),
        (_without_token("[SPACE]"), r"no special token \[SPACE\]"),
        (_changed("type", "WordPiece"), "its type is 'WordPiece'"),
        (_changed("unk_token", "<unk>"), "unk_token '<unk>' is not in model.vocab"),
        (_changed("dropout", 0.1), "dropout=0.1"),
        (_changed("continuing_subword_prefix", "##"), "continuing_subword_prefix='##'"),
        (_changed("vocab", {"a": "b"}), "no 'model.vocab'"),
        (_changed("merges", ["a qqq"]), "tokenizers cannot load it"),
        (_swapped(), r"\[STOP\] has id 1, not 0"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "",
)
def test_what_is_no_xtts_vocabulary_is_refused_by_what_it_lacks(
    data: Any, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(VocabularyError, match=says) as caught:
        extend_file(path, tmp_path / "out.json", "ipa")
    assert str(path) in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["vocab.json"]


@pytest.mark.parametrize("only", [f"[{language}]" for language in LANGUAGES[:1]])
def test_a_vocabulary_without_languages_is_refused(only: str, tmp_path: Path) -> None:
    data = xtts_like()
    tags = {f"[{language}]" for language in LANGUAGES}
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] not in tags]
    with pytest.raises(VocabularyError, match="no language token"):
        XttsVocabulary(data, "made").check()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b'{"version": "1.0", "model": {"vo', r"is not JSON \(line 1: .*cut off"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_a_broken_file_is_named(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "vocab.json"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=says):
        XttsVocabulary.read(path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.json does not exist"):
        XttsVocabulary.read(tmp_path / "nothing.json")
    with pytest.raises(VocabularyError, match="is a folder"):
        XttsVocabulary.read(tmp_path)


@pytest.mark.parametrize(
    ("normalizer", "lost"),
    [({"type": "NFKC"}, "'ʷ'"), ({"type": "Lowercase"}, None), ({"type": "StripAccents"}, None)],
)
def test_a_normalizer_that_changes_the_new_symbols_is_refused(
    normalizer: dict[str, str], lost: str | None
) -> None:
    vocabulary = XttsVocabulary({**xtts_like(), "normalizer": normalizer}, "made")
    if lost is None:
        extend_vocabulary(vocabulary, "ipa")
        return
    with pytest.raises(VocabularyError, match=f"normalizer .{normalizer['type']}.*{lost}"):
        extend_vocabulary(vocabulary, "ipa")
    # Ethiopic letters have no other form.
    extend_vocabulary(vocabulary, "fidel", CORPUS)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"mode": "latin"}, ValueError, "valid modes: ipa, fidel"),
        ({"mode": "ipa", "size": 100}, ValueError, "size=100 is for the mode fidel"),
        ({"mode": "fidel"}, VocabularyError, "there is no text; give one with --corpus"),
        ({"mode": "fidel", "texts": ["abc"]}, VocabularyError, "none of the 1 texts holds an Eth"),
        ({"mode": "fidel", "texts": CORPUS, "size": 20}, VocabularyError, "size=20 is less than"),
    ],
)
def test_what_cannot_be_done_is_refused(
    arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        extend_vocabulary(XttsVocabulary(xtts_like(), "made"), **arguments)


def test_a_vocabulary_has_one_text_mode() -> None:
    phones, _ = extend_vocabulary(XttsVocabulary(xtts_like(), "phones.json"), "ipa")
    with pytest.raises(
        VocabularyError, match=r"phones\.json is for 'ipa' .*--mode ipa.*start from"
    ):
        extend_vocabulary(phones, "fidel", CORPUS)


def test_the_vocabulary_itself_is_never_overwritten(tmp_path: Path) -> None:
    path = write_xtts_like(tmp_path / "vocab.json")
    before = path.read_bytes()
    with pytest.raises(VocabularyError, match="choose another name"):
        extend_file(path, tmp_path / "." / "vocab.json", "ipa")
    assert path.read_bytes() == before


def test_an_error_leaves_the_output_of_before(tmp_path: Path) -> None:
    path = write_xtts_like(tmp_path / "vocab.json")
    out = tmp_path / "out.json"
    out.write_text("kept")
    with pytest.raises(VocabularyError):
        extend_file(path, out, "fidel", ["no Ethiopic"])
    assert out.read_text() == "kept"


def test_someone_elses_amharic_stays_as_it_is() -> None:
    # A public recipe's vocabulary: letters and pieces, [am] known but no special token.
    data = xtts_like()
    first = max(data["model"]["vocab"].values()) + 1
    for number, token in enumerate(("[am]", "ሰ", "ላ", "ሰላ"), start=first):
        data["model"]["vocab"][token] = number
    data["model"]["merges"].append("ሰ ላ")
    old = XttsVocabulary(data, "theirs.json")
    new, extension = extend_vocabulary(old, "fidel", ["ላም ላም ላም ላም"])
    assert new.merges == old.merges
    assert new.tokens["[am]"] == first and "[am]" in new.special
    assert "already has 1 Ethiopic pieces" in extension.note
    assert new.extends(old) == ""


def test_holes_are_seen() -> None:
    assert XttsVocabulary(xtts_like(), "made").holes == HOLES


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("missing", "lacks the token 'th'"),
        ("moved", "'th' has id"),
        ("hole", f"gives the unused id {HOLES[0]}"),
        ("merge", "first merges differ"),
    ],
)
def test_what_is_no_extension_is_told_why(change: str, says: str) -> None:
    old = XttsVocabulary(xtts_like(), "old")
    data = extend_vocabulary(old, "ipa")[0].data
    ids, merges = dict(data["model"]["vocab"]), list(data["model"]["merges"])
    if change == "missing":
        del ids["th"]
    elif change == "moved":
        ids["th"] = 9000
    elif change == "hole":
        ids["ʔ"] = HOLES[0]
    else:
        merges = merges[1:]
    model = {**data["model"], "vocab": ids, "merges": merges}
    assert says in XttsVocabulary({**data, "model": model}, "new").extends(old)


def _written_forms() -> list[str]:
    """Sentences of the lexicon's words, under the prefixes and suffixes that writing joins."""
    words = [line.split("\t", 1)[0] for line in _lexicon_lines()]
    forms = [f"{before}{word}{after}" for word in words for before, after in AFFIXED]
    return [" ".join(forms[n : n + 12]) for n in range(0, len(forms), 12)]


AFFIXED = (("", ""), ("", "ን"), ("የ", ""), ("በ", ""), ("ለ", "ም"), ("ከ", "ጋር"), ("ስለ", "ው"))


def _lexicon_lines() -> list[str]:
    from importlib.resources import files

    file = files("coqui_amharic_ext.g2p") / "data" / "words.tsv"
    return file.read_text(encoding="utf-8").splitlines()[1:]


def test_the_default_of_2000_tokens_is_reached_on_a_corpus_of_thousands_of_words(
    original: Path,
) -> None:
    corpus = _written_forms()
    new, extension = extend_vocabulary(XttsVocabulary.read(original), "fidel", corpus)
    assert len(amharic_tokens(new)) == 2000
    assert extension.note == ""
    tokenizer = new.tokenizer()
    unknown = new.tokens["[UNK]"]
    encoded = [tokenizer.encode(text.replace(" ", "[SPACE]")) for text in corpus]
    assert not any(unknown in one.ids for one in encoded)
    letters = sum(len(text.replace(" ", "")) for text in corpus)
    spoken = sum(len(one.ids) for one in encoded) - sum(text.count(" ") for text in corpus)
    # What the pieces are for: well under a token a letter.
    assert spoken < 0.7 * letters
