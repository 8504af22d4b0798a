"""The XTTS GPT's training and evaluation forward on sequences without padding.

Upstream runs the transformer on (batch, longest) rectangles and masks padding. Here padded tokens
are removed before the transformer; the losses are the same sums over the same tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from coqui_amharic_ext.attention.layout import HOST, PackedLayout, to_device
from coqui_amharic_ext.attention.rows import put_rows, take_rows

IGNORED = -1
"""Upstream's label for positions that the loss ignores."""


@dataclass(frozen=True)
class Lengths:
    """The lengths of a batch that the host needs, read from the device in one transfer.

    Parameters
    ----------
    text, mel : tuple of int
        Transformer positions of each row: text with its start token, and codes with their start
        token and the three positions that upstream adds.
    ignored : slice
        Mel targets of the last row that upstream's ``cond_idxs`` masking excludes from the loss.
    """

    text: tuple[int, ...]
    mel: tuple[int, ...]
    ignored: slice


def read_lengths(text_lengths: Tensor, code_lengths: Tensor, cond_idxs: Tensor | None) -> Lengths:
    """Copy the batch's lengths to the host."""
    device = code_lengths.device
    parts = [text_lengths.to(device), code_lengths]
    if cond_idxs is not None:
        # Upstream masks outside its loop over rows, and so only the last row.
        parts.append(cond_idxs[-1].to(device))
    batch = text_lengths.shape[0]
    values = torch.cat([part.to(torch.int64) for part in parts]).tolist()
    text, mel, conditioning = values[:batch], values[batch : 2 * batch], values[2 * batch :]
    return Lengths(
        text=tuple(length + 1 for length in text),
        mel=tuple(length + 1 for length in mel),
        ignored=slice(*conditioning) if cond_idxs is not None else slice(0, 0),
    )


@dataclass(frozen=True)
class PackedBatch:
    """Index tensors that split a batch and join its results, on the model's device.

    Parameters
    ----------
    layout : PackedLayout
        Sequences of conditioning, text and mel tokens.
    order : Tensor
        Rows of [all conditioning, all text, all mel] in the order of the packed sequences.
    text, mel : Tensor
        Index of each valid token in a flattened (batch, longest) rectangle.
    text_rows, mel_rows : Tensor
        Rows of those tokens in the packed sequences.
    text_positions, mel_positions : Tensor
        Position of those tokens in their row.
    """

    layout: PackedLayout
    order: Tensor
    text: Tensor
    mel: Tensor
    text_rows: Tensor
    mel_rows: Tensor
    text_positions: Tensor
    mel_positions: Tensor


def plan(
    lengths: Lengths, prompt: int, text_width: int, mel_width: int, device: torch.device
) -> PackedBatch:
    """Compute the index tensors of a batch on the host and copy them in one transfer."""
    text_counts, mel_counts = (
        torch.tensor(counts, device=HOST) for counts in (lengths.text, lengths.mel)
    )
    totals = text_counts + mel_counts + prompt
    batch = len(lengths.text)
    starts = totals.cumsum(0) - totals

    def part(counts: Tensor, width: int, offset: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        row = torch.arange(batch, device=HOST).repeat_interleave(counts)
        begin = counts.cumsum(0) - counts
        position = torch.arange(int(counts.sum()), device=HOST) - begin[row]
        return row * width + position, (starts + offset)[row] + position, position

    zero = torch.zeros(batch, dtype=torch.int64, device=HOST)
    _, prompt_rows, _ = part(zero + prompt, prompt, zero)
    text, text_rows, text_positions = part(text_counts, text_width, zero + prompt)
    mel, mel_rows, mel_positions = part(mel_counts, mel_width, text_counts + prompt)
    places = torch.cat((prompt_rows, text_rows, mel_rows))
    order = torch.empty_like(places)
    order[places] = torch.arange(len(places), device=HOST)
    layout = PackedLayout.of(totals.tolist())
    pieces = [
        order, text, mel, text_rows, mel_rows, text_positions, mel_positions, layout.slots,
        layout.cu_seqlens.to(torch.int64),
    ]  # fmt: skip
    sent = to_device(torch.cat(pieces), device).split([len(piece) for piece in pieces])
    *indices, slots, cu_seqlens = sent
    return PackedBatch(
        PackedLayout(cu_seqlens.to(torch.int32), layout.max_seqlen, slots, layout.lengths),
        *indices,
    )


@dataclass(frozen=True)
class Inputs:
    """Tokens and targets of a batch as upstream's forward prepares them, padded."""

    text: Tensor
    text_targets: Tensor
    mel: Tensor
    mel_targets: Tensor


def prepare(
    gpt: Any, text_inputs: Tensor, audio_codes: Tensor, lengths: Lengths, code_lengths: Tensor
) -> Inputs:
    """Add start and stop tokens and overwrite padding codes, as upstream does."""
    longest_text, longest_mel = max(lengths.text) - 1, max(lengths.mel) - 1
    if longest_text > text_inputs.shape[-1]:
        raise ValueError(
            f"text_lengths has {longest_text}, text_inputs is only {text_inputs.shape[-1]} wide"
        )
    text = F.pad(text_inputs[:, :longest_text], (0, 1), value=gpt.stop_text_token)
    missing = max(0, longest_mel - audio_codes.shape[-1])
    codes = F.pad(audio_codes, (0, missing))[:, :longest_mel]
    codes = F.pad(codes, (0, 1), value=gpt.stop_audio_token)
    # Three positions of a row's length are not codes: upstream adds them for start and stop.
    real = (code_lengths - 3).to(codes.device).unsqueeze(1)
    beyond = torch.arange(codes.shape[-1], device=codes.device) >= real
    codes = codes.masked_fill(beyond, gpt.stop_audio_token)
    text, text_targets = gpt.set_inputs_and_targets(text, gpt.start_text_token, gpt.stop_text_token)
    mel, mel_targets = gpt.set_inputs_and_targets(
        codes, gpt.start_audio_token, gpt.stop_audio_token
    )
    return Inputs(text, text_targets, mel, mel_targets)


def embed(
    embedding: Any, position: Any, tokens: Tensor, index: Tensor, positions: Tensor
) -> Tensor:
    """Embed the tokens at ``index`` of a padded (batch, longest) tensor, with their positions."""
    # Upstream's position embedding reads only the shape; it may be a plain function whose result
    # has a batch dimension.
    table = position(tokens)
    if table.dim() == 3:
        placed = table.flatten(0, 1).index_select(0, index)
    else:
        placed = F.embedding(positions, table)
    return embedding(tokens.flatten().index_select(0, index)) + placed


def shrink_cond_idxs(gpt: Any, cond_idxs: Tensor) -> None:
    """Rescale ``cond_idxs`` from samples in place, as upstream does to the caller's tensor."""
    step = (
        gpt.perceiver_cond_length_compression
        if gpt.use_perceiver_resampler
        else gpt.code_stride_len
    )
    cond_idxs.copy_(cond_idxs // step)


def cross_entropy(gpt: Any, logits: Tensor, targets: Tensor) -> Tensor:
    """Return upstream's loss, computed on rows instead of rectangles."""
    return F.cross_entropy(
        logits, targets.long(), ignore_index=IGNORED, label_smoothing=gpt.label_smoothing
    ).mean()


def packed_losses(
    gpt: Any,
    run: Any,
    text_inputs: Tensor,
    text_lengths: Tensor,
    audio_codes: Tensor,
    wav_lengths: Tensor,
    cond_mels: Tensor,
    cond_idxs: Tensor | None,
    cond_latents: Tensor | None,
    *,
    needed_logits: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the training result of upstream's ``GPT.forward``: two losses and mel logits.

    Parameters
    ----------
    gpt : GPT
        The XTTS GPT.
    run : callable
        Takes packed embeddings (1, total_tokens, channels) and their ``PackedLayout`` and returns
        hidden states of the same shape.
    needed_logits : bool
        Compute logits only where there is a target; otherwise on the padded rectangle, as
        upstream does.

    Returns
    -------
    tuple of Tensor
        Text loss and mel loss, scalars, and mel logits (batch, vocabulary, longest), zero at
        padding.
    """
    code_lengths = torch.ceil(wav_lengths / gpt.code_stride_len).long() + 3
    if cond_idxs is not None:
        shrink_cond_idxs(gpt, cond_idxs)
    lengths = read_lengths(text_lengths, code_lengths, cond_idxs)
    inputs = prepare(gpt, text_inputs, audio_codes, lengths, code_lengths)
    if cond_latents is None:
        cond_latents = gpt.get_style_emb(cond_mels).transpose(1, 2)
    batch, prompt = cond_latents.shape[:2]
    packed = plan(lengths, prompt, inputs.text.shape[1], inputs.mel.shape[1], cond_latents.device)
    text = embed(
        gpt.text_embedding, gpt.text_pos_embedding, inputs.text, packed.text, packed.text_positions
    )
    mel = embed(
        gpt.mel_embedding, gpt.mel_pos_embedding, inputs.mel, packed.mel, packed.mel_positions
    )
    together = torch.cat((cond_latents.flatten(0, 1).to(text.dtype), text, mel))
    hidden = run(take_rows(together, packed.order).unsqueeze(0), packed.layout).squeeze(0)
    # Upstream's masking of the conditioning segment, in place and with slice semantics.
    targets = inputs.mel_targets
    targets[-1, lengths.ignored] = IGNORED
    text_targets = inputs.text_targets.flatten().index_select(0, packed.text)
    mel_targets = targets.flatten().index_select(0, packed.mel)
    text_hidden = gpt.final_norm(take_rows(hidden, packed.text_rows))
    mel_hidden = gpt.final_norm(take_rows(hidden, packed.mel_rows))
    if not needed_logits:
        return _rectangular(gpt, inputs, packed, text_hidden, mel_hidden, text_targets, mel_targets)
    mel_logits = gpt.mel_head(mel_hidden)
    loss_text = cross_entropy(gpt, gpt.text_head(text_hidden), text_targets)
    loss_mel = cross_entropy(gpt, mel_logits, mel_targets)
    full = put_rows(mel_logits, packed.mel, batch * inputs.mel.shape[1])
    return loss_text, loss_mel, full.view(batch, -1, full.shape[-1]).permute(0, 2, 1)


def _rectangular(
    gpt: Any,
    inputs: Inputs,
    packed: PackedBatch,
    text_hidden: Tensor,
    mel_hidden: Tensor,
    text_targets: Tensor,
    mel_targets: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute logits for every position of the rectangle, padding included, as upstream does."""

    def logits(head: Any, hidden: Tensor, index: Tensor, like: Tensor) -> Tensor:
        full = put_rows(hidden, index, like.numel()).view(*like.shape, -1)
        return head(full).permute(0, 2, 1)

    def padded(targets: Tensor, index: Tensor, like: Tensor) -> Tensor:
        full = targets.new_full((like.numel(),), IGNORED)
        return full.index_copy_(0, index, targets).view(like.shape)

    text_logits = logits(gpt.text_head, text_hidden, packed.text, inputs.text)
    mel_logits = logits(gpt.mel_head, mel_hidden, packed.mel, inputs.mel)
    loss_text = cross_entropy(gpt, text_logits, padded(text_targets, packed.text, inputs.text))
    loss_mel = cross_entropy(gpt, mel_logits, padded(mel_targets, packed.mel, inputs.mel))
    real = torch.zeros(inputs.mel.numel(), 1, device=mel_logits.device, dtype=torch.bool)
    real = real.index_fill_(0, packed.mel, True).view(inputs.mel.shape).unsqueeze(1)
    return loss_text, loss_mel, mel_logits.masked_fill(~real, 0.0)
