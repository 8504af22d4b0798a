"""A saved model is whole: the stock ``tts`` command speaks from it, in processes of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.models.vits import Vits

from tests.coqui.conftest import SENTENCES, RunCommand

TTS = Path(sys.executable).with_name("tts")
BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "coqui_amharic_ext":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train nothing, save everything: a VITS of one layer each, as a recipe's config makes it."""
    import coqui_amharic_ext as am

    am.activate()
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vits")
    args = VitsArgs(
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=16,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=32,
        resblock_type_decoder="2",
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3]],
        use_sdp=False,
        init_discriminator=False,
    )
    config = VitsConfig(
        model_args=args,
        use_phonemes=True,
        phoneme_language="am",
        text_cleaner="amharic_cleaners",
    )
    model = Vits(config)
    config.save_json(folder / "config.json")
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return folder


def _arguments(folder: Path, out: Path) -> list[str]:
    return [
        "--text",
        " ".join(SENTENCES),
        "--model_path",
        str(folder / "model.pth"),
        "--config_path",
        str(folder / "config.json"),
        "--out_path",
        str(out),
    ]


def test_the_tts_command_speaks(saved: Path, tmp_path: Path, run_command: RunCommand) -> None:
    import wave

    out = tmp_path / "out.wav"
    result = run_command(TTS, *_arguments(saved, out))
    with wave.open(str(out)) as file:
        assert file.getframerate() == 22050
        assert file.getnframes() > 22050
    printed = result.stdout + result.stderr
    assert "not found in the vocabulary" not in printed
    # One utterance per sentence: ፡፡ is an end, the stops of ዓ.ም. and 3.5 are not.
    assert "'ቋንቋው፡ቀላል፡ነው፡፡'" in printed
    assert "3.5 ኪ.ሜ ሮጠ" in printed


@pytest.mark.parametrize(
    ("cleaner", "message"),
    [
        # Upstream looks for the cleaner before the class, and neither names a distribution.
        ("amharic_cleaners", "has no attribute 'amharic_cleaners'"),
        (None, "No module named 'coqui_amharic_ext'"),
    ],
)
def test_without_the_package_the_error_names_what_is_missing(
    saved: Path, run_file: RunCommand, cleaner: str | None, message: str
) -> None:
    code = BLOCK + (
        "from TTS.config import load_config\n"
        "from TTS.tts.utils.text.tokenizer import TTSTokenizer\n"
        "config = load_config(sys.argv[1])\n"
        "config.text_cleaner = sys.argv[2] or None\n"
        "TTSTokenizer.init_from_config(config)\n"
    )
    # The entry point stays declared here, and torch would stop at it; uninstalling removes it.
    result = run_file(
        code,
        str(saved / "config.json"),
        cleaner or "",
        check=False,
        TORCH_DEVICE_BACKEND_AUTOLOAD="0",
    )
    assert result.returncode != 0
    assert message in result.stderr.splitlines()[-1]


def test_tokenizer_in_data_loader_workers(saved: Path, run_file: RunCommand) -> None:
    code = """
    import sys
    import torch
    from TTS.config import load_config
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    class Texts(torch.utils.data.Dataset):
        def __init__(self, tokenizer, texts):
            self.tokenizer, self.texts = tokenizer, texts
        def __len__(self):
            return len(self.texts)
        def __getitem__(self, index):
            return self.tokenizer.text_to_ids(self.texts[index], language="am")

    if __name__ == "__main__":
        path, *texts = sys.argv[1:]
        tokenizer, _ = TTSTokenizer.init_from_config(load_config(path))
        data = Texts(tokenizer, texts)
        here = [data[index] for index in range(len(data))]
        for method in ("fork", "spawn", "forkserver"):
            loader = torch.utils.data.DataLoader(
                data, batch_size=None, num_workers=1, multiprocessing_context=method
            )
            assert list(loader) == here, method
        assert not tokenizer.not_found_characters
    """
    run_file(code, str(saved / "config.json"), *SENTENCES)
