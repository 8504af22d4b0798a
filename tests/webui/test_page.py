"""The running page in a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webui.conftest import Opened, Served

pytestmark = pytest.mark.browser

Visit = Callable[..., Opened]
TABS = ("Text", "Train", "Data", "Performance", "Synthesis")
LINE = "#train-plot svg .mark-line path"
BARS = "#performance-seconds svg .mark-rect path, #performance-peak_mib svg .mark-rect path"
IPA = "document.querySelector('#text-ipa textarea').value"


def choose(opened: Opened, menu: str, option: str) -> None:
    opened.page.click(f"{menu} input")
    opened.page.locator(f"{menu} [role=option]").filter(has_text=option).first.click()


def write(opened: Opened, text: str) -> None:
    opened.page.click("#text-input textarea")
    opened.page.keyboard.press("Control+A")
    opened.page.keyboard.insert_text(text)


def test_typing_shows_normalised_text_ipa_and_words(visit: Visit) -> None:
    opened = visit()
    write(opened, "ዋጋው 25% ጨመረ።")
    opened.until(f"{IPA}.startsWith('wa')")
    marked = opened.page.locator("#text-normalised mark").all_inner_texts()
    assert any("ሃያ አምስት በመቶ" in text for text in marked)
    assert opened.page.locator("#text-words tbody tr").count() == 5
    opened.picture("text")
    assert opened.faults == []


def test_another_backend_gives_another_ipa(visit: Visit) -> None:
    opened = visit()
    write(opened, "ጳውሎስ ጠዋት ቡና ይጠጣል")
    opened.until(f"{IPA}.includes('buna') || {IPA}.includes('bunːa')")
    opened.page.wait_for_timeout(500)
    before = opened.page.locator("#text-words tbody").inner_text()
    choose(opened, "#text-backend", "rules")
    opened.until("!document.querySelector('#text-words tbody').innerText.includes('epitran')")
    assert opened.page.locator("#text-words tbody").inner_text() != before


def test_an_unavailable_backend_is_shown_with_its_reason(visit: Visit) -> None:
    opened = visit()
    opened.page.wait_for_timeout(1500)
    opened.page.click("#text-backend input")
    options = opened.page.locator("#text-backend [role=option]").all_inner_texts()
    absent = [text for text in options if "not available" in text]
    if not absent:
        pytest.skip("every G2P backend is available here")
    name = absent[0].split(" ")[0].strip("✓ \n")
    opened.page.locator("#text-backend [role=option]").filter(has_text=name).click()
    opened.page.wait_for_selector("#text-words .am-bad")
    assert f"{name} is not available" in opened.page.inner_text("#text-words")
    assert "Traceback" not in opened.page.inner_text("#text-words")


def test_hostile_text_stays_text(visit: Visit) -> None:
    opened = visit()
    write(opened, "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}} ሰላም 5")
    opened.until(f"{IPA}.includes('səlam')")
    assert opened.page.locator("#text-normalised img, #text-words img").count() == 0
    assert opened.faults == []


def test_two_sessions_do_not_mix(visit: Visit) -> None:
    one, two = visit(), visit()
    write(one, "ሰላም")
    write(two, "ቡና")
    one.until(f"{IPA} === 'səlam'")
    two.until(f"{IPA}.startsWith('bun')")
    assert one.page.input_value("#text-ipa textarea") == "səlam"
    assert two.page.input_value("#text-input textarea") == "ቡና"


def test_the_page_asks_nobody_else(visit: Visit) -> None:
    opened = visit()
    for name in TABS:
        opened.tab(name)
        opened.page.wait_for_timeout(300)
    assert opened.foreign == []


def test_training_shows_its_losses_stops_and_goes_on(visit: Visit, served: Served) -> None:
    opened, other = visit(height=1100), visit()
    opened.tab("Train")
    other.tab("Train")
    opened.page.click("#train-trial")
    opened.until("document.querySelector('#train-values textarea').value.includes('epochs')", 180)
    opened.page.click("#train-start")
    opened.page.wait_for_selector(LINE, timeout=240_000)
    opened.until(
        "/step [5-9]|step [1-9][0-9]/.test(document.querySelector('#train-state').innerText)", 120
    )
    assert "GLOBAL_STEP" in opened.page.inner_text("#train-log")
    assert "No run is shown" in other.page.inner_text("#train-state")
    # Loaded again, as after a break of the connection, it finds the run and goes on with it.
    other.page.reload()
    other.tab("Train")
    other.until("document.querySelector('#train-state').innerText.includes('running')", 60)
    other.page.wait_for_selector(LINE)
    before = other.page.inner_text("#train-state")
    other.until(f"document.querySelector('#train-state').innerText !== {json.dumps(before)}", 60)
    assert other.page.locator("#train-stop").is_enabled()
    opened.picture("train")
    opened.page.click("#train-stop")
    opened.until("document.querySelector('#train-state').innerText.includes('stopped')", 180)
    assert "resume from: xtts_gpt_amharic" in opened.page.inner_text("#train-state")
    records = list((served.work / "runs").glob("*/run.json"))
    assert [json.loads(path.read_text())["stopped"] for path in records] == [True]
    steps = opened.page.inner_text("#train-state")
    opened.page.click("#train-resume")
    opened.until(
        "document.querySelector('#train-state').innerText.includes('running') && "
        f"document.querySelector('#train-state').innerText !== {json.dumps(steps)}",
        60,
    )
    opened.until("document.querySelector('#train-log').innerText.includes('EPOCH')", 180)
    opened.page.click("#train-stop")
    opened.until("document.querySelector('#train-state').innerText.includes('stopped')", 180)
    assert opened.faults == []


def test_a_form_that_cannot_be_used_is_refused_in_words(visit: Visit) -> None:
    opened = visit()
    opened.tab("Train")
    opened.page.fill("#train-data input", "../elsewhere")
    opened.page.keyboard.press("Enter")
    opened.page.click("#train-start")
    toast = opened.page.locator("[data-testid=toast-body]").first
    toast.wait_for()
    assert "outside the work folder" in toast.inner_text()


def test_a_message_leaves_the_tabs_of_a_phone_free_and_goes(visit: Visit) -> None:
    opened = visit(width=375, height=740)
    tabs = opened.page.get_by_role("tablist").first.bounding_box()
    opened.page.locator(".overflow-menu button").first.click()
    opened.page.locator(".overflow-dropdown button").filter(has_text="Synthesis").click()
    opened.page.wait_for_timeout(500)
    opened.page.click("#synthesis-speak")
    toast = opened.page.locator("[data-testid=toast-body]").first
    toast.wait_for()
    opened.page.wait_for_timeout(600)
    opened.picture("phone-message")
    box = toast.bounding_box()
    assert box["y"] > tabs["y"] + tabs["height"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= 375 and box["y"] + box["height"] <= 740
    toast.wait_for(state="detached", timeout=30_000)


def test_no_script_runs_that_does_not_stand_in_the_page(visit: Visit) -> None:
    opened = visit()
    opened.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.taken = 1';
            document.body.append(script);
            document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.taken = 2">');
            location.href = 'javascript:window.taken = 3';
        }"""
    )
    opened.page.wait_for_timeout(500)
    assert opened.page.evaluate("window.taken") is None
    assert opened.page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_site_in_the_same_browser_gets_nothing(
    visit: Visit, served: Served, tmp_path: Path, host: str
) -> None:
    """The browser has the cookie; another port of the same host is the same site to it."""
    opened = visit()
    (tmp_path / "index.html").write_text("<p>an attacker</p>")
    site = subprocess.Popen(
        [sys.executable, "-c", SITE], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert site.stdout is not None
    try:
        port = int(site.stdout.readline())
        page = opened.page.context.new_page()
        answers: list[tuple[str, int]] = []
        page.on("response", lambda r: answers.append((r.url, r.status)))
        page.goto(f"http://{host}:{port}/")
        page.evaluate(
            """async (root) => {
                const way = {mode: 'no-cors', credentials: 'include'};
                for (const path of ['/', '/config', `/gradio_api/file=http://${location.host}/`])
                    await fetch(root + path, way).catch(() => 0);
                for (const path of ['/gradio_api/queue/join', '/gradio_api/upload'])
                    await fetch(root + path, {...way, method: 'POST', body: '{}'}).catch(() => 0);
                for (const kind of ['img', 'script', 'iframe', 'audio']) {
                    const one = document.createElement(kind);
                    one.src = `${root}/gradio_api/file=http://${location.host}/`;
                    document.body.append(one);
                }
            }""",
            served.root,
        )
        page.wait_for_timeout(500)
        for path in ("/", "/config", f"/gradio_api/file=http://{host}:{port}/index.html"):
            page.goto(f"http://{host}:{port}/")
            page.evaluate("(address) => { location.href = address; }", served.root + path)
            page.wait_for_url(f"{served.root}/**")
            assert "attacker" not in page.content() and "gradio-app" not in page.content()
        asked = [status for url, status in answers if url.startswith(served.root)]
        assert len(asked) >= 4 and set(asked) == {403}
    finally:
        site.kill()


def test_a_file_leads_a_new_browser_to_the_page(
    chromium: Any, served: Served, tmp_path: Path
) -> None:
    """As webui --open does."""
    way = tmp_path / "open.html"
    way.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={served.address}">')
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(way.as_uri())
        page.get_by_role("tab").first.wait_for()
        assert page.url == f"{served.root}/"
    finally:
        context.close()


SITE = """
import http.server
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def test_the_check_finds_a_broken_file_and_plays_others(visit: Visit, served: Served) -> None:
    opened = visit(height=1000)
    opened.tab("Data")
    opened.page.click("#data-bundled")
    opened.until("document.querySelector('#data-corpus input').value === 'bundled-corpus'")
    clip = served.work / "bundled-corpus" / "wavs" / "am03.wav"
    whole = clip.read_bytes()
    clip.write_bytes(b"RIFF and nothing more")
    try:
        opened.page.click("#data-go")
        opened.page.wait_for_selector("#data-findings table", timeout=60_000)
        assert "19 usable" in opened.page.inner_text("#data-summary")
        assert "unreadable-audio" in opened.page.inner_text("#data-findings")
        choose(opened, "#data-clip", "am05")
        opened.page.wait_for_selector("#data-player audio")
        opened.page.wait_for_selector("#data-waveform svg")
        assert opened.page.locator("#data-waveform svg .mark-line path").count() == 1
        opened.until("document.querySelector('#data-player audio').duration > 1")
        opened.picture("data")
        choose(opened, "#data-clip", "am03")
        opened.until(
            "document.querySelector('#data-player').innerText.includes('cannot be played')"
        )
        opened.page.fill("#data-corpus input", "no-such-corpus")
        opened.page.keyboard.press("Tab")
        opened.page.click("#data-go")
        opened.page.locator("[data-testid=toast-body]").first.wait_for()
        opened.until("document.querySelectorAll('#data-findings table').length == 0")
        assert "cannot be played" not in opened.page.inner_text("#data-player")
        assert "rows" not in opened.page.inner_text("#data-summary")
        assert not opened.page.locator("#data-waveform").is_visible()
    finally:
        clip.write_bytes(whole)


def test_kernels_are_shown_with_their_state(visit: Visit) -> None:
    opened = visit()
    opened.tab("Performance")
    opened.page.wait_for_selector("#performance-state table", timeout=180_000)
    said = opened.page.inner_text("#performance-state")
    for kernel in ("flash_attn", "xformers", "sdpa", "eager"):
        assert kernel in said
    opened.picture("performance")


@pytest.mark.slow
def test_the_short_benchmark_draws_its_plots_and_the_badge(visit: Visit) -> None:
    opened = visit(height=1100)
    opened.tab("Performance")
    opened.page.click("#performance-run")
    opened.page.wait_for_selector("#parity", timeout=900_000)
    assert "equal to stock" in opened.page.inner_text("#parity")
    assert opened.page.locator(BARS).count() == 4
    for plot in ("#performance-seconds", "#performance-peak_mib"):
        assert "of stock" in opened.page.inner_text(plot)
    opened.picture("benchmark")


def test_speaking_without_a_checkpoint_says_what_is_missing(visit: Visit) -> None:
    opened = visit()
    opened.tab("Synthesis")
    opened.page.click("#synthesis-speak")
    toast = opened.page.locator("[data-testid=toast-body]").first
    toast.wait_for()
    assert "checkpoint folder" in toast.inner_text()


def test_a_checkpoint_speaks_in_the_page(visit: Visit, served: Served) -> None:
    from coqui_amharic_ext.demo.files import unpack_corpus

    save = "from pathlib import Path; from tests.coqui.speaking import save_xtts; import sys; "
    voice = served.work / "voice"
    voice.mkdir()
    subprocess.run(
        [sys.executable, "-c", save + "save_xtts(Path(sys.argv[1]))", str(voice)],
        check=True,
        cwd=Path(__file__).parents[2],
    )
    recording = next((unpack_corpus(voice / "corpus") / "wavs").glob("*.wav"))
    shutil.copy(recording, served.work / "speaker.wav")
    opened = visit()
    opened.tab("Synthesis")
    opened.page.fill("#synthesis-text textarea", "ሰላም። እንደምን ነህ?")
    opened.page.fill("#synthesis-checkpoint input", "voice")
    opened.page.keyboard.press("Tab")
    opened.page.get_by_label("Reference speaker (XTTS)").locator("visible=true").fill("speaker.wav")
    opened.page.click("#synthesis-speak")
    opened.page.wait_for_selector("#synthesis-player audio", state="attached", timeout=180_000)
    heard = opened.page.evaluate(
        """async () => {
            const audio = document.querySelector('#synthesis-player audio');
            audio.muted = true;
            await new Promise((done, failed) => {
                audio.addEventListener('ended', done);
                audio.addEventListener('error', () => failed(audio.error.message));
                setTimeout(() => failed('not played in a minute'), 60000);
                audio.play();
            });
            return audio.currentTime;
        }"""
    )
    # As long as the small model speaks, and what it says of two short sentences in one.
    assert 0.6 < heard < 5
    assert opened.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_fits_a_phone(visit: Visit, scheme: str) -> None:
    opened = visit(width=375, height=740, scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)"
    shade = sum(map(int, opened.page.evaluate(background)))
    assert (shade > 600) == (scheme == "light")
    for name in TABS:
        tab = opened.page.get_by_role("tab", name=name, exact=True)
        if not tab.is_visible():
            opened.page.locator(".overflow-menu button").first.click()
            opened.page.locator(".overflow-dropdown button").filter(has_text=name).click()
        else:
            tab.click()
        opened.page.wait_for_timeout(300)
        width = opened.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 375, name
        opened.picture(f"phone-{scheme}-{name.lower()}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", TABS)
def test_no_serious_barrier(visit: Visit, axe: str, name: str, scheme: str) -> None:
    opened = visit(scheme=scheme)
    opened.tab(name)
    opened.page.wait_for_timeout(1200)
    opened.page.evaluate(axe)
    found = opened.page.evaluate("async () => (await axe.run()).violations")
    serious = [
        f"{v['id']}: {v['help']}: {n['html'][:160]} {n.get('failureSummary', '')[:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for n in v["nodes"]
    ]
    assert serious == []


def test_the_keyboard_reaches_everything_of_the_text_tab(visit: Visit) -> None:
    opened = visit()
    opened.page.keyboard.press("Tab")
    seen = set()
    for _ in range(40):
        opened.page.keyboard.press("Tab")
        seen.add(opened.page.evaluate("document.activeElement.closest('[id^=text-]')?.id ?? ''"))
    assert {"text-input", "text-backend", "text-order", "text-go", "text-words"} <= seen


def test_figures_of_the_page(
    visit: Visit, served: Served, chromium: Any, record_property: Callable[[str, object], None]
) -> None:
    """Times are told, with limits wide enough for a busy machine."""
    page = chromium.new_page()
    started = time.monotonic()
    page.goto(served.address)
    page.get_by_role("button", name="Transcribe").click()
    interactive = served.seconds + time.monotonic() - started
    page.close()
    opened = visit()
    trips = []
    for number in range(12):
        write(opened, f"ሰላም {number} ልጅ")
        opened.page.wait_for_timeout(400)
        trips.append(
            opened.page.evaluate(
                """async () => {
                    const words = document.querySelector('#text-ipa textarea');
                    const box = document.querySelector('#text-input textarea');
                    const before = words.value, started = performance.now();
                    box.value += ' ቡና';
                    box.dispatchEvent(new Event('input', {bubbles: true}));
                    while (words.value === before && performance.now() - started < 5000)
                        await new Promise(done => setTimeout(done, 2));
                    return performance.now() - started;
                }"""
            )
        )
    trips.sort()
    median = trips[len(trips) // 2]
    record_property("page interactive after the command (s)", round(interactive, 2))
    record_property("phonemize round trip, median (ms)", round(median))
    print(f"interactive {interactive:.2f} s, round trip median {median:.0f} ms, all {trips}")
    assert interactive < 20
    assert median < 1500


def test_screenshots_are_kept_out_of_the_repository() -> None:
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text()
    assert ".artifacts/" in ignored.split()
