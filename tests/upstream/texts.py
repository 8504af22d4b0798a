"""One text per language of XTTS, with digits and abbreviations, and how its speakers read it."""

from __future__ import annotations

from typing import Final

READ: Final = {
    "en": (
        "Dr. Jones paid $20 for 3 books & left.",
        "doctor jones paid twenty dollars for three books and left.",
    ),
    "de": (
        "Dr. Müller hat 50 Bücher & 2 Hunde.",
        "doktor müller hat fünfzig bücher und zwei hunde.",
    ),
    "es": (
        "La Dra. Martínez tiene 50 libros & 3 casas.",
        "la doctora martínez tiene cincuenta libros y tres casas.",
    ),
    "fr": (
        "Mme. Moreau a 50 livres & 3 chats.",
        "madame moreau a cinquante livres et trois chats.",
    ),
    "it": (
        "Il sig. Rossi ha 50 libri & 3 case.",
        "il signore rossi ha cinquanta libri e tre case.",
    ),
    "pt": (
        "A Sra. Costa tem 50 livros & 3 casas.",
        "a senhora costa tem cinquenta livros e três casas.",
    ),
    "pl": ("Dr. Kowalski ma 50 lat & 3 psy.", "doktor kowalski ma pięćdziesiąt lat i trzy psy."),
    "tr": ("Dr. Ayşe 50 asker & 3 kedi.", "doktor ayşe elli asker ve üç kedi."),
    "ru": (
        "Г-н Иванов купил 50 книг & 3 стола.",
        "господин иванов купил пятьдесят книг и три стола.",
    ),
    "cs": ("Dr. Novák má 50 knih & 2 psy.", "doktor novák má padesát knih a dva psy."),
    "nl": (
        "Dhr. Jansen heeft 50 boeken & 3 honden.",
        "de heer jansen heeft vijftig boeken en drie honden.",
    ),
    "ar": ("كان هناك 50 جنديا.", "كان هناك خمسون جنديا."),
    "zh": ("有50名士兵", "you3wu3shi2ming2shi4bing1"),
    "hu": ("Dr. Szabó 50 katona & 3 kutya.", "doktor szabó ötven katona és három kutya."),
    "ko": ("50 명.", "osib myeong."),
    "ja": ("これは本です。", "kore wa hon desu."),
    "hi": ("वहाँ सैनिक थे।", "वहाँ सैनिक थे।"),
}
"""Chinese, Japanese and Korean are romanised; num2words does not read Hindi numbers everywhere."""

NEEDS: Final = {"zh": "pypinyin", "ja": "cutlet"}
"""What upstream imports for a language and does not install by itself."""
LANGUAGES: Final = tuple(READ)
