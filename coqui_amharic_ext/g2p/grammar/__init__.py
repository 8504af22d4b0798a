"""What is known of Amharic words: lexicon, roots, paradigms, affixes."""
