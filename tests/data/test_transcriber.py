"""The callable for other people's pipelines: picklable, and the same in every process."""

from __future__ import annotations

import pickle

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.data.transcriber import COLUMNS, Transcriber
from tests.conftest import RunPython

RULES = am.Settings(g2p_backends=("rules",))
TEXTS = ["ሰላም፣ እንዴት ነህ?", "በ2015 25% ጨመረ", ""]


def test_a_batch_gets_what_transcribe_gives() -> None:
    found = Transcriber(settings=RULES)({"text": TEXTS, "id": [1, 2, 3]})
    assert tuple(found) == COLUMNS
    one_by_one = [am.transcribe(text, settings=RULES) for text in TEXTS]
    assert found["ipa"] == [one.ipa for one in one_by_one]
    assert found["normalised"] == [one.normalised for one in one_by_one]
    assert found["backend"] == [",".join(one.backends) for one in one_by_one]
    assert found["backend"][2] == ""
    assert found["quality"][2] == 1.0
    assert all(0 <= share <= 1 for share in found["quality"])


def test_settings_are_those_in_force_where_it_was_made() -> None:
    am.activate(RULES)
    made = Transcriber()
    am.deactivate()
    assert made == Transcriber(settings=RULES)
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("batch", "error", "says"),
    [
        ({"sentence": ["ሰላም"]}, KeyError, "no column 'text'; there are: sentence"),
        ({"text": ["ሰላም"], "ipa": ["x"]}, ValueError, "named ipa already"),
        ({"text": [None]}, TypeError, "NoneType"),
    ],
)
def test_a_batch_that_does_not_fit_is_named(
    batch: dict[str, list[object]], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        Transcriber(settings=RULES)(batch)


def test_datasets_map_takes_it_and_knows_it_again_in_another_process(
    run_python: RunPython,
) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    from datasets.fingerprint import Hasher

    transcriber = Transcriber(settings=RULES)
    corpus = datasets.Dataset.from_dict({"text": TEXTS * 50, "id": list(range(150))})
    serial = corpus.map(transcriber, batched=True, batch_size=7)
    assert serial["ipa"][:3] == [am.phonemize(text, settings=RULES) for text in TEXTS]
    assert serial["id"] == corpus["id"]
    together = corpus.map(transcriber, batched=True, batch_size=7, num_proc=2)
    assert together["ipa"] == serial["ipa"]
    before = Hasher.hash(transcriber)
    transcriber({"text": TEXTS})  # use changes nothing
    assert Hasher.hash(transcriber) == before
    for seed in "01":
        done = run_python(
            """
            import coqui_amharic_ext as am
            from coqui_amharic_ext.data.transcriber import Transcriber
            from datasets.fingerprint import Hasher
            made = Transcriber(settings=am.Settings(g2p_backends=("rules",)))
            made({"text": ["ሰላም"]})
            print(Hasher.hash(made))
            """,
            PYTHONHASHSEED=seed,
        )
        assert done.stdout.strip() == before
    other = Transcriber(settings=RULES.replace(narrow=True))
    assert Hasher.hash(other) != before
