"""The transphone backend, on a tiny model that the tests train and lay out as transphone does."""

from __future__ import annotations

import importlib.util
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.g2p.backends import transphone_files
from coqui_amharic_ext.g2p.backends.transphone import TransphoneBackend
from coqui_amharic_ext.g2p.backends.transphone_files import MissingModel, locate
from coqui_amharic_ext.settings import Settings

NAME = "042801_base"
LESSON = {
    "ሰላም": "s ə l a m",
    "ልጆች": "l ɨ d͡ʒ o t͡ʃ",
    "ጠረጴዛ": "tʼ ə r ə pʼ e z a",
    "ተማሪ": "t ə m a ɾ i",
    "ቢራቢሮዎቻቸው": "b i ɾ a b i ɾ o w o t͡ʃ a t͡ʃ ə w",
}
"""What the tiny model is taught; the last word has more phones than transphone would decode."""
WRONG = {"ውሻ": "θ y ʒ ø"}
"""A word that it is taught wrongly, with phones that are not Amharic's."""

needs_transphone = pytest.mark.skipif(
    importlib.util.find_spec("transphone") is None,
    reason="transphone is not installed (pip install 'coqui-amharic-ext[transphone]')",
)


def _lay_out(folder: Path, languages: tuple[str, ...]) -> Path:
    """Write a model folder without weights; return where they go."""
    model = folder / "model" / NAME
    (model / "cache").mkdir(parents=True)
    (folder / "exp").mkdir()
    size = {"num_encoder": 1, "num_decoder": 1, "embed_size": 32, "hidden_size": 32, "num_head": 2}
    lines = ["model: g2p", *(f"{key}: {value}" for key, value in size.items())]
    (folder / "exp" / f"{NAME}.yml").write_text("\n".join(lines) + "\n")
    letters = sorted({letter for word in (*LESSON, *WRONG) for letter in word})
    tags = [f"<{language}>" for language in languages]
    phones = {phone for ipa in (*LESSON.values(), *WRONG.values()) for phone in ipa.split()}
    for name, words in (("grapheme", [*tags, *letters]), ("phoneme", sorted(phones))):
        text = "\n".join(["<pad>", "<eos>", *words]) + "\n"
        (model / f"{name}.vocab").write_text(text, encoding="utf-8")
    return model


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    """Return a folder whose model knows languages near Amharic but not Amharic."""
    _lay_out(tmp_path, ("arb", "heb", "tir"))
    (tmp_path / "model" / NAME / "model.pt").write_bytes(b"")
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch's threads, which wait busily, from fighting over a loaded machine."""
    if importlib.util.find_spec("transphone") is None:
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model that has learnt a few words by heart."""
    import torch
    from transphone.model.checkpoint_utils import torch_save
    from transphone.model.transformer import TransformerG2P
    from transphone.model.vocab import Vocab

    folder = tmp_path_factory.mktemp("transphone")
    model_folder = _lay_out(folder, ("amh", "tir"))
    graphemes = Vocab.read(model_folder / "grapheme.vocab")
    phonemes = Vocab.read(model_folder / "phoneme.vocab")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TransformerG2P(1, 1, 32, 2, len(graphemes) + 1, len(phonemes) + 1, 32, dropout=0.0)
        optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
        lesson = [
            (
                torch.tensor([graphemes.atoi(x) for x in ("<amh>", *word)]).unsqueeze(1),
                torch.tensor([1, *(phonemes.atoi(phone) for phone in ipa.split()), 1]),
            )
            for word, ipa in (LESSON | WRONG).items()
        ]
        for _ in range(400):
            loss = torch.zeros(())
            for source, target in lesson:  # upstream's train_step lacks an import
                size = len(source)
                memory = model.encode(source, torch.zeros(size, size, dtype=torch.bool))
                later = torch.ones(len(target) - 1, len(target) - 1, dtype=torch.bool).triu(1)
                logits = model.generator(model.decode(target[:-1, None], memory, later))
                loss = loss + torch.nn.functional.cross_entropy(logits.squeeze(1), target[1:])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if loss.item() < 0.05:
                break
    torch_save(model, model_folder / "model.pt")
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on any attempt to download."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"tried to open {args}")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)


def _settings(folder: Path, *others: str) -> Settings:
    return Settings(g2p_backends=("transphone", *others, "rules"), transphone_dir=str(folder))


def test_without_a_model_the_reason_names_where_it_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingModel) as error:
        locate(str(tmp_path))
    assert str(tmp_path / "model") in error.value.reason
    assert "nothing is downloaded" in error.value.fix


def test_a_missing_file_is_named(untrained: Path) -> None:
    (untrained / "model" / NAME / "phoneme.vocab").unlink()
    with pytest.raises(MissingModel, match=r"phoneme\.vocab"):
        locate(str(untrained))


@pytest.mark.parametrize("below", ["", "transphone", "transphone/data"])
def test_the_folder_may_be_the_data_folder_or_hold_it(tmp_path: Path, below: str) -> None:
    data = tmp_path / below
    data.mkdir(parents=True, exist_ok=True)
    (_lay_out(data, ("amh",)) / "model.pt").write_bytes(b"")
    found = locate(str(tmp_path))
    assert found.checkpoint == data / "model" / NAME / "model.pt"
    assert found.supervised_languages() == ("amh",)


def test_the_best_scored_checkpoint_is_taken_where_there_is_no_model_pt(tmp_path: Path) -> None:
    model = _lay_out(tmp_path, ("amh",))
    for score in ("0.31", "0.07", "0.22"):
        (model / f"model_{score}.pt").write_bytes(b"")
    assert locate(str(tmp_path)).checkpoint.name == "model_0.07.pt"


def test_phonepieces_own_latest_model_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "model" / "latest" / "amh").mkdir(parents=True)
    (tmp_path / "model" / "latest" / "amh" / "phone.txt").write_text("a\n")
    with pytest.raises(MissingModel, match="no model"):
        locate(str(tmp_path))


def test_data_paths_set_on_transphones_own_configuration_are_used(
    monkeypatch: pytest.MonkeyPatch, untrained: Path
) -> None:
    config = SimpleNamespace(TransphoneConfig=SimpleNamespace(data_path=untrained))
    monkeypatch.setitem(__import__("sys").modules, "transphone.config", config)
    assert transphone_files.package_data() == untrained
    assert locate(None).name == NAME


def test_where_transphone_is_not_installed_the_status_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "coqui_amharic_ext.g2p.backends.transphone.find_spec",
        lambda name: None if name == "transphone" else object(),
    )
    found = TransphoneBackend(Settings()).availability()
    assert found.reason == "transphone is not installed"
    assert "pip install" in found.fix


@needs_transphone
def test_a_model_not_trained_on_amharic_is_not_used_and_the_status_says_why(
    untrained: Path, no_network: None
) -> None:
    settings = _settings(untrained)
    found = TransphoneBackend(settings).availability()
    assert not found
    assert "not trained on Amharic" in found.reason
    assert "arb, heb, tir" in found.reason
    heard = am.transcribe("ዶላፖ", settings=settings)
    assert heard.backends == ("rules",)
    assert "not trained on Amharic" in heard.words[0].rejected[0].reason
    with pytest.raises(UnavailableError, match="not trained on Amharic"):
        am.phonemize("ሰላም", backend="transphone", settings=settings)


@needs_transphone
def test_without_a_model_the_next_backend_answers_and_nothing_is_downloaded(
    tmp_path: Path, no_network: None
) -> None:
    settings = _settings(tmp_path)
    assert not TransphoneBackend(settings).availability()
    assert am.transcribe("ዶላፖ", settings=settings).backends == ("rules",)


@needs_transphone
def test_words_that_the_model_knows_are_answered_by_it(taught: Path, no_network: None) -> None:
    found = am.transcribe("ሰላም ልጆች፣ ጠረጴዛ።", backend="transphone", settings=_settings(taught))
    assert [word.backend for word in found.words] == ["transphone"] * 3
    assert found.ipa == am.phonemize("ሰላም ልጆች፣ ጠረጴዛ።", backend="rules")


@needs_transphone
def test_a_long_word_is_decoded_to_its_end(taught: Path) -> None:
    word = "ቢራቢሮዎቻቸው"
    backend = TransphoneBackend(_settings(taught))
    assert backend.transcribe([word]) == [LESSON[word].replace(" ", "")]
    from transphone.model.vocab import Vocab

    graphemes = Vocab.read(taught / "model" / NAME / "grapheme.vocab")
    import torch

    source = torch.tensor([[graphemes.atoi(x) for x in ("<amh>", *word)]])
    limited = backend._model.inference(source)
    assert len(limited) == len(word) + 5 < len(LESSON[word].split())


@needs_transphone
def test_decoding_is_that_of_transphone_where_transphone_comes_to_an_end(taught: Path) -> None:
    import torch
    from transphone.model.vocab import Vocab

    graphemes = Vocab.read(taught / "model" / NAME / "grapheme.vocab")
    phonemes = Vocab.read(taught / "model" / NAME / "phoneme.vocab")
    backend = TransphoneBackend(_settings(taught))
    words = ["ሰላም", "ተማሪ", "ልጆች", "ውሻ", "ሰላጠ", "ማላሰ", "ጆማ"]
    together = backend.transcribe(words)
    for word, raw in zip(words, together, strict=True):
        source = torch.tensor([[graphemes.atoi(x) for x in ("<amh>", *word)]])
        theirs = [phonemes.itoa(i) for i in backend._model.inference(source)]
        if len(theirs) < len(word) + 5:
            assert raw == "".join(theirs), word


@needs_transphone
def test_foreign_phones_are_seen_and_not_believed(taught: Path) -> None:
    """Transphone's own mapping to the nearest Amharic phone would hide them."""
    found = am.transcribe("ውሻ", backend="transphone", settings=_settings(taught))
    assert found.backends == ("rules",)
    (rejection,) = found.words[0].rejected
    assert rejection.output == "θyʒø"
    assert "inventory" in rejection.reason


@needs_transphone
def test_a_letter_that_the_model_does_not_know_is_not_romanised(taught: Path) -> None:
    found = am.transcribe("ፐሰላም", settings=_settings(taught))
    assert found.backends == ("rules",)
    assert found.words[0].rejected[0].reason == "it gave nothing"


@needs_transphone
def test_a_folder_named_amh_in_the_working_directory_changes_nothing(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "amh").mkdir()
    (tmp_path / "amh" / "phoneme.txt").write_text("x\n")
    monkeypatch.chdir(tmp_path)
    backend = TransphoneBackend(_settings(taught))
    assert backend.transcribe(["ሰላም"]) == ["səlam"]


@needs_transphone
def test_a_second_folder_is_not_answered_by_the_first_ones_model(
    taught: Path, tmp_path: Path
) -> None:
    import shutil

    import torch

    assert TransphoneBackend(_settings(taught)).transcribe(["ሰላም"]) == ["səlam"]
    other = tmp_path / "other"
    shutil.copytree(taught, other)
    weights = torch.load(other / "model" / NAME / "model.pt")
    torch.save({k: v * 0 for k, v in weights.items()}, other / "model" / NAME / "model.pt")
    assert TransphoneBackend(_settings(other)).transcribe(["ሰላም"]) != ["səlam"]


@needs_transphone
def test_loading_leaves_random_numbers_device_and_model_folder_alone(taught: Path) -> None:
    import torch
    from transphone.config import TransphoneConfig

    device, path = TransphoneConfig.device, TransphoneConfig.data_path
    files = sorted(taught.rglob("*"))
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    backend = TransphoneBackend(_settings(taught))
    backend.transcribe(["ሰላም"])
    assert torch.equal(torch.rand(3), expected)
    assert next(backend._model.parameters()).device.type == "cpu"
    assert (TransphoneConfig.device, TransphoneConfig.data_path) == (device, path)
    assert sorted(taught.rglob("*")) == files


@needs_transphone
def test_a_broken_checkpoint_is_reported_and_the_next_backend_answers(
    taught: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(taught, tmp_path / "broken")
    (tmp_path / "broken" / "model" / NAME / "model.pt").write_bytes(b"no model")
    found = am.transcribe("ዶላፖ", settings=_settings(tmp_path / "broken"))
    assert found.backends == ("rules",)
    assert "loading it failed" in found.words[0].rejected[0].reason


@needs_transphone
def test_availability_imports_neither_torch_nor_transphone(taught: Path, run_python) -> None:  # type: ignore[no-untyped-def]
    done = run_python(
        f"""
        import sys
        from coqui_amharic_ext.g2p.backends.transphone import TransphoneBackend
        from coqui_amharic_ext.settings import Settings
        backend = TransphoneBackend(Settings(transphone_dir={os.fspath(taught)!r}))
        print(bool(backend.availability()), "torch" in sys.modules, "transphone" in sys.modules)
        print(backend.version())
        """
    )
    first, second = done.stdout.strip().split("\n")
    assert first.split() == ["True", "False", "False"]
    assert NAME in second
