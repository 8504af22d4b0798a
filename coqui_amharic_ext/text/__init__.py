"""Written Amharic to spoken Amharic, without dependencies."""

from __future__ import annotations

from coqui_amharic_ext.text.cardinals import cardinal, ordinal
from coqui_amharic_ext.text.ethiopic_numerals import ethiopic_to_int, int_to_ethiopic
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.normalizer import explain, normalize, rule_names
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.punctuation import to_ascii_punctuation
from coqui_amharic_ext.text.sentences import split_sentences, words
from coqui_amharic_ext.text.trace import Change, Explanation

__all__ = [
    "Change",
    "Explanation",
    "TextPolicy",
    "cardinal",
    "ethiopic_to_int",
    "explain",
    "fold_homophones",
    "int_to_ethiopic",
    "normalize",
    "ordinal",
    "rule_names",
    "split_sentences",
    "to_ascii_punctuation",
    "words",
]
