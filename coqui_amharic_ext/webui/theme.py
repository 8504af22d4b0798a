"""Fonts and colours: the system's own, Ethiopic among them; nothing is fetched from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import gradio as gr

ETHIOPIC_FONTS: Final = (
    *("Noto Sans Ethiopic", "Abyssinica SIL", "Kefa", "Ebrima", "Nyala"),
    *("Noto Serif Ethiopic", "WashRa", "Droid Sans Ethiopic"),
)
_SANS: Final = ("ui-sans-serif", "system-ui", *ETHIOPIC_FONTS, "sans-serif")
_MONO: Final = ("ui-monospace", "Consolas", *ETHIOPIC_FONTS, "monospace")


def theme() -> gr.themes.Base:
    """Return the page's theme; contrast is at least 4.5 to 1 for text, light and dark."""
    chosen = gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=_SANS, font_mono=_MONO)
    return chosen.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_text_color="white",
        button_cancel_background_fill="#b91c1c",
        button_cancel_background_fill_dark="#b91c1c",
        button_cancel_text_color="white",
        button_cancel_text_color_dark="white",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
    )


def css() -> str:
    """Return the page's style sheet."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")
