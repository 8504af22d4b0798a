"""Attention of the XTTS GPT: kernels, packing, checkpointing, conditioning."""
