"""Training recipes in upstream's shape; apart from config values they are upstream's."""

from __future__ import annotations

from typing import Final

RECIPES: Final = {
    "vits": "coqui_amharic_ext.recipes.train_vits",
    "xtts": "coqui_amharic_ext.recipes.train_xtts_gpt",
}
"""The module of each recipe, by the model that it trains."""
