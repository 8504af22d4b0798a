"""Phones, letters and syllables: what holds for every word, whoever transcribes it."""
