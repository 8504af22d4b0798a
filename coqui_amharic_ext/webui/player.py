"""Audio in the page itself: no file is written and none is served."""

from __future__ import annotations

import base64
import io
import wave
from html import escape
from typing import TYPE_CHECKING

from coqui_amharic_ext.webui.markup import Markup

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def wav_player(audio: NDArray[np.int16], rate: int, name: str) -> Markup:
    """Return a player for samples of one channel."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(audio.astype("<i2").tobytes())
    data = base64.b64encode(sink.getvalue()).decode("ascii")
    return Markup(
        f'<audio class="am-player" controls aria-label="{escape(name)}" '
        f'src="data:audio/wav;base64,{data}"></audio>'
    )
