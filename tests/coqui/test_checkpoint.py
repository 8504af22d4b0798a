"""New rows, and every other weight as it was."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from TTS.tts.layers.xtts.gpt import GPT

from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint
from coqui_amharic_ext.coqui.checkpoint_rows import NEW_SHARE, new_rows
from coqui_amharic_ext.coqui.vocabulary import extend_vocabulary
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from tests.coqui.checkpoints import Files, packed, tiny_gpt, write_files
from tests.coqui.conftest import RunCommand
from tests.coqui.vocabularies import xtts_like

GROWING = ("text_embedding.weight", "text_head.weight", "text_head.bias")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("checkpoints"))


def _bits(tensor: torch.Tensor) -> bytes:
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())


def _state(path: Path) -> dict[str, Any]:
    document = torch.load(path, weights_only=True)
    return document.get("model", document)


def _gpt_state(path: Path) -> dict[str, Any]:
    return {key.removeprefix("gpt."): value for key, value in _state(path).items()}


@pytest.mark.parametrize(
    ("name", "layout", "prefix", "mode"),
    [
        ("model", "XTTS", "gpt.", "ipa"),
        ("model", "XTTS", "gpt.", "fidel"),
        ("trained", "trainer", "xtts.gpt.", "ipa"),
        ("gpt", "GPT", "", "ipa"),
    ],
)
def test_old_rows_and_all_other_weights_stay_bit_for_bit(
    files: Files, tmp_path: Path, name: str, layout: str, prefix: str, mode: str
) -> None:
    source, vocab = getattr(files, name), getattr(files, mode)
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    done = extend_checkpoint(source, files.old, vocab, tmp_path / "out.pth")
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before
    old, new = _state(source), _state(tmp_path / "out.pth")
    assert list(new) == list(old)
    rows = XttsVocabulary.read(vocab).number_tokens
    for key, tensor in old.items():
        grows = key.removeprefix(prefix) in GROWING
        assert new[key].shape == ((rows, *tensor.shape[1:]) if grows else tensor.shape)
        assert new[key].dtype == tensor.dtype
        assert _bits(new[key][: len(tensor)]) == _bits(tensor), key
    assert (done.layout, done.before, done.after) == (
        layout,
        len(old[f"{prefix}{GROWING[0]}"]),
        rows,
    )
    assert done.tensors == len(old)
    assert done.verified == ("equal, stock GPT shapes" if name == "gpt" else "equal")


def test_a_trainers_other_entries_stay_and_the_optimizers_state_goes(
    files: Files, tmp_path: Path
) -> None:
    done = extend_checkpoint(files.trained, files.old, files.ipa, tmp_path / "out.pth")
    assert done.dropped == ("optimizer", "scaler")
    new = torch.load(tmp_path / "out.pth", weights_only=True)
    assert set(new) == {"config", "model", "step", "epoch", "model_loss"}
    assert new["step"] == 20 and new["config"] == {"model": "xtts", "lr": 5e-6}


def test_stock_code_alone_refuses_or_spoils_it(files: Files) -> None:
    # Why this exists: the sizes do not fit, with strict=False either.
    gpt = tiny_gpt(files.ipa)
    with pytest.raises(RuntimeError, match=r"size mismatch for text_embedding\.weight"):
        gpt.load_state_dict(_state(files.gpt), strict=False)


@pytest.mark.usefixtures("inactive")
@pytest.mark.parametrize("init", ["pieces", "mean", "normal"])
@pytest.mark.parametrize("mode", ["ipa", "fidel"])
def test_what_is_not_amharic_is_computed_as_before(
    files: Files, tmp_path: Path, mode: str, init: str
) -> None:
    vocab = getattr(files, mode)
    extend_checkpoint(files.model, files.old, vocab, tmp_path / "out.pth", init=init)
    old, new = tiny_gpt(files.old), tiny_gpt(vocab, seed=1)
    old.load_state_dict(_state(files.gpt), strict=True)
    new.load_state_dict(_gpt_state(tmp_path / "out.pth"), strict=True)
    text = "[en]the water and what the other man said.".replace(" ", "[SPACE]")
    ids = XttsVocabulary.read(files.old).tokenizer().encode(text).ids
    assert XttsVocabulary.read(vocab).tokenizer().encode(text).ids == ids
    (text_a, mel_a, loss_a), (text_b, mel_b, loss_b) = _run(old, ids), _run(new, ids)
    assert text_b.shape[-1] > text_a.shape[-1] == old.number_text_tokens
    assert (text_b[..., : text_a.shape[-1]] - text_a).abs().max() <= 1e-6
    assert (mel_a - mel_b).abs().max() <= 1e-6
    # All new tokens together have at most a thousandth of the probability.
    assert 0 <= loss_b - loss_a <= 1.001e-3


def _run(gpt: GPT, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor, float]:
    logits: list[torch.Tensor] = []
    hook = gpt.text_head.register_forward_hook(lambda _m, _i, output: logits.append(output))
    generator = torch.Generator().manual_seed(3)
    with torch.inference_mode():
        loss, _, mel = gpt(
            torch.tensor([ids]),
            torch.tensor([len(ids)]),
            torch.randint(0, 32, (1, 30), generator=generator),
            torch.tensor([30 * 1024]),
            cond_mels=torch.randn(1, 1, 80, 50, generator=generator),
        )
    hook.remove()
    return logits[0], mel, float(loss)


def _vocabularies(mode: str = "ipa") -> tuple[XttsVocabulary, XttsVocabulary]:
    old = XttsVocabulary(xtts_like(), "old")
    return old, extend_vocabulary(old, mode, ["ሰላም ሰላም"] if mode == "fidel" else ())[0]


def _weights(rows: int, width: int = 8, seed: int = 0) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(seed)
    return torch.randn(rows, width), torch.randn(rows, width), torch.randn(rows)


@pytest.mark.parametrize(
    ("mode", "token", "old_pieces"),
    [
        ("ipa", "ƭ", ["t"]),
        ("ipa", "ʧ", ["ch"]),
        ("ipa", "ɲ", ["ñ"]),
        ("ipa", "kʷ", ["k", "w"]),
        ("ipa", "[am]", None),
        ("fidel", "ሰ", ["s", "e"]),
        ("fidel", "ት", ["t"]),
        ("fidel", "ሟ", ["m", "w", "a"]),
    ],
)
def test_pieces_start_from_what_is_known(
    mode: str, token: str, old_pieces: list[str] | None
) -> None:
    old, new = _vocabularies(mode)
    weights = _weights(old.number_tokens)
    rows = new_rows(old, new, *weights, init="pieces")
    made = rows.embedding[new.tokens[token] - old.number_tokens]
    if old_pieces is None:
        known = [old.tokens[f"[{language}]"] for language in old.languages]
        assert len(known) == 16
    else:
        # By romanisation; where the old vocabulary has a merge of these, its row is taken.
        known = old.tokenizer().encode("".join(old_pieces)).ids
        assert "".join(old_pieces) == "".join(old.tokenizer().encode("".join(old_pieces)).tokens)
    assert torch.allclose(made, weights[0][known].mean(0), atol=1e-6)
    assert token in rows.from_pieces


def test_a_word_starts_from_its_romanisation() -> None:
    old, new = _vocabularies("fidel")
    weights = _weights(old.number_tokens)
    rows = new_rows(old, new, *weights)
    known = old.tokenizer().encode("selam").ids
    assert len(known) < 5  # so merges of the old vocabulary are used
    made = rows.embedding[new.tokens["ሰላም"] - old.number_tokens]
    assert torch.allclose(made, weights[0][known].mean(0), atol=1e-6)


def test_what_has_no_pieces_starts_from_the_mean_of_trained_rows() -> None:
    old, new = _vocabularies()
    weights = _weights(old.number_tokens)
    trained = sorted(old.tokens.values())
    for hole in old.holes:
        weights[0][hole] = weights[1][hole] = weights[2][hole] = 1e9
    mean = weights[0][trained].mean(0)
    pieces = new_rows(old, new, *weights, init="pieces")
    for token in ("ː", "[am-ipa]"):
        assert token not in pieces.from_pieces
        made = pieces.embedding[new.tokens[token] - old.number_tokens]
        assert torch.allclose(made, mean, atol=1e-6)
    assert torch.allclose(new_rows(old, new, *weights, init="mean").embedding, mean, atol=1e-6)
    for init in ("pieces", "mean", "normal"):
        rows = new_rows(old, new, *weights, init=init)
        assert rows.embedding.abs().max() < 10 and rows.head_bias.abs().max() < 20


def test_normal_rows_look_like_the_trained_ones_and_follow_the_seed() -> None:
    old, new = _vocabularies("fidel")
    embedding, *head = _weights(old.number_tokens)
    embedding = embedding * torch.linspace(0.1, 2, 8) + torch.linspace(-3, 3, 8)
    rows = [new_rows(old, new, embedding, *head, init="normal", seed=s) for s in (1, 1, 2)]
    assert torch.equal(rows[0].embedding, rows[1].embedding)
    assert not torch.equal(rows[0].embedding, rows[2].embedding)
    trained = embedding[sorted(old.tokens.values())]
    assert torch.allclose(rows[0].embedding.mean(0), trained.mean(0), atol=0.3)
    assert torch.allclose(rows[0].embedding.std(0), trained.std(0), rtol=0.2)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([0.01, 1.0, 30.0]))
def test_new_tokens_start_improbable_for_any_hidden_state(
    pair: tuple[XttsVocabulary, XttsVocabulary], seed: int, scale: float
) -> None:
    old, new = pair
    embedding, weight, bias = (t.double() for t in _weights(old.number_tokens, seed=seed))
    hidden = scale * torch.randn(4, 8, generator=torch.Generator().manual_seed(seed)).double()
    rows = new_rows(old, new, embedding, weight, bias)
    before = torch.logsumexp(hidden @ weight.T + bias, -1)
    added = torch.logsumexp(hidden @ rows.head_weight.T + rows.head_bias, -1)
    # A little room for rows in float32.
    assert ((added - before) <= math.log(NEW_SHARE) + 1e-3 * max(1, scale)).all()


@pytest.fixture(scope="module", params=["ipa", "fidel"])
def pair(request: pytest.FixtureRequest) -> tuple[XttsVocabulary, XttsVocabulary]:
    return _vocabularies(request.param)


@pytest.mark.parametrize("name", ["gpt", "model", "trained"])
@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_file_that_was_packed_again(
    files: Files, tmp_path: Path, name: str, packing: int
) -> None:
    source = packed(getattr(files, name), tmp_path / "packed.pth", packing)
    extend_checkpoint(source, files.old, files.ipa, tmp_path / "out.pth")
    extend_checkpoint(getattr(files, name), files.old, files.ipa, tmp_path / "same.pth")
    old, new = _state(tmp_path / "same.pth"), _state(tmp_path / "out.pth")
    assert old.keys() == new.keys()
    assert all(_bits(old[key]) == _bits(new[key]) for key in old)


def test_views_and_odd_tensors_stay_as_they_are(files: Files, tmp_path: Path) -> None:
    base = torch.arange(24.0)
    state = _state(files.model) | {
        "gpt.view": base.view(4, 6).t()[1:, ::2],
        "gpt.other": base[3:9],
        "gpt.expanded": torch.ones(1).expand(5),
        "gpt.empty": torch.ones(0, 3),
        "gpt.conjugate": torch.tensor([1 + 2j]).conj(),
        "gpt.parameter": torch.nn.Parameter(torch.ones(2)),
        "gpt.fp8": torch.ones(3).to(torch.float8_e4m3fn),
        "gpt.nan": float("nan"),
    }
    # Rows that are a view of something larger, and shared.
    large = torch.randn(len(state["gpt.text_head.bias"]) + 4)
    state["gpt.text_head.bias"], state["gpt.large"] = large[2:-2], large
    torch.save({"model": state, "model_loss": float("nan")}, tmp_path / "odd.pth")
    extend_checkpoint(tmp_path / "odd.pth", files.old, files.ipa, tmp_path / "out.pth")
    new = _state(tmp_path / "out.pth")
    for name in ("view", "other", "expanded", "empty", "conjugate", "parameter", "fp8", "large"):
        before, after = state[f"gpt.{name}"], new[f"gpt.{name}"]
        assert type(after) is type(before) and after.dtype == before.dtype
        assert (after.shape, after.stride()) == (before.shape, before.stride())
        assert torch.equal(after.to(torch.complex64), before.to(torch.complex64))
    assert new["gpt.view"].data_ptr() != new["gpt.other"].data_ptr()
    assert new["gpt.view"].untyped_storage().data_ptr() == (
        new["gpt.other"].untyped_storage().data_ptr()
    )
    assert torch.equal(new["gpt.text_head.bias"][: len(large) - 4], large[2:-2])


def test_the_other_byte_order(files: Files, tmp_path: Path) -> None:
    source = tmp_path / "big.pth"
    with zipfile.ZipFile(files.model) as old, zipfile.ZipFile(source, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("byteorder"):
                content = b"big"
            elif "/data/" in part.filename:
                content = b"".join(content[i : i + 4][::-1] for i in range(0, len(content), 4))
            new.writestr(part.filename, content)
    extend_checkpoint(source, files.old, files.ipa, tmp_path / "out.pth")
    extend_checkpoint(files.model, files.old, files.ipa, tmp_path / "same.pth")
    old_state, new_state = _state(tmp_path / "same.pth"), _state(tmp_path / "out.pth")
    assert all(_bits(old_state[key]) == _bits(new_state[key]) for key in old_state)


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.float16, torch.bfloat16, torch.float64),
        *(torch.float8_e4m3fn, torch.float8_e5m2),
    ],
)
def test_types_stay(files: Files, tmp_path: Path, dtype: torch.dtype) -> None:
    state = {k: v.clamp(-9, 9).to(dtype) for k, v in _state(files.model).items()}
    torch.save({"model": state}, tmp_path / "half.pth")
    extend_checkpoint(tmp_path / "half.pth", files.old, files.ipa, tmp_path / "out.pth")
    new = _state(tmp_path / "out.pth")
    assert {v.dtype for v in new.values()} == {dtype}
    assert new["gpt.text_embedding.weight"].float().isfinite().all()


def test_weights_that_share_memory_still_do(files: Files, tmp_path: Path) -> None:
    state = _state(files.gpt)
    model = {f"gpt.{k}": v for k, v in state.items()}
    model["gpt.gpt.wte.weight"] = model["gpt.mel_embedding.weight"]
    torch.save({"model": model}, tmp_path / "tied.pth")
    extend_checkpoint(tmp_path / "tied.pth", files.old, files.ipa, tmp_path / "out.pth")
    new = _state(tmp_path / "out.pth")
    tied = new["gpt.gpt.wte.weight"], new["gpt.mel_embedding.weight"]
    assert tied[0].data_ptr() == tied[1].data_ptr()


def test_files_from_before_pytorch_1_6_are_read_too(files: Files, tmp_path: Path) -> None:
    document = torch.load(files.model, weights_only=True)
    torch.save(document, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    extend_checkpoint(tmp_path / "old.pth", files.old, files.ipa, tmp_path / "out.pth")
    extend_checkpoint(files.model, files.old, files.ipa, tmp_path / "same.pth")
    old, new = _state(tmp_path / "out.pth"), _state(tmp_path / "same.pth")
    assert all(torch.equal(old[key], new[key]) for key in new)


def test_the_published_files_config_object_becomes_a_dict(files: Files, tmp_path: Path) -> None:
    """XTTS v2 was published with upstream's config in it, pickled by where it was then."""
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig

    moved = (XttsArgs, XttsAudioConfig)
    try:
        for config in moved:
            config.__module__ = "TTS.tts.models.xtts"
        torch.save(
            {"config": XttsConfig(temperature=0.3), "model": _state(files.model)},
            tmp_path / "model.pth",
        )
    finally:
        for config in moved:
            config.__module__ = "TTS.tts.configs.xtts_config"
    before = (tmp_path / "model.pth").read_bytes()
    extend_checkpoint(tmp_path / "model.pth", files.old, files.ipa, tmp_path / "out.pth")
    assert (tmp_path / "model.pth").read_bytes() == before  # upstream would rewrite it
    new = torch.load(tmp_path / "out.pth", weights_only=True)
    assert new["config"]["temperature"] == 0.3
    assert new["config"]["model_args"]["gpt_layers"] == 30


def test_extending_twice_gives_the_same_weights(files: Files, tmp_path: Path) -> None:
    for name in ("one", "two"):
        extend_checkpoint(files.model, files.old, files.ipa, tmp_path / f"{name}.pth")
    one, two = _state(tmp_path / "one.pth"), _state(tmp_path / "two.pth")
    assert all(_bits(one[key]) == _bits(two[key]) for key in one)


def test_the_command(files: Files, tmp_path: Path, run_command: RunCommand) -> None:
    out = tmp_path / "out.pth"
    pair = ("--old-vocab", files.old, "--new-vocab", files.ipa)
    command = ("coqui-amharic", "checkpoint", "extend", "--checkpoint", files.trained, *pair)
    done = run_command(*command, "--out", out, "--json")
    result = json.loads(done.stdout)
    assert (result["layout"], result["verified"]) == ("trainer", "equal")
    assert result["after"] == len(_state(out)["xtts.gpt.text_embedding.weight"])
    told = run_command(*command, "--out", out, "--init", "normal", "--seed", "4").stdout
    assert "left out: optimizer, scaler" in told and "(normal)" in told
    refused = run_command(*command, "--out", out, "--seed", "4", check=False)
    assert refused.returncode == 2 and "--seed 4 is for --init normal" in refused.stderr
