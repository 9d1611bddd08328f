"""The watch page in a browser: real games of the released agent, of CartPole and of a map, served and from a folder."""

import shutil
import sqlite3
import threading
import time
from contextlib import closing

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

import envs
from rlab import checkpoint
from rlab.protocol import PROTOCOLS
from rlab.report.watch import folder
from rlab.report.watch.library import Library
from rlab.report.watch.server import Server
from rlab.tapes import TapeStore
from scripts import watch
from tests.browser import browser
from tests.scripts.running import REPOSITORY, call, only_run
from tests.scripts.watched import random_run

LOADED = "typeof shown !== 'undefined' && shown"  # the page's script may still be under way
READY = f"{LOADED} && shown.games.every(({{video}}) => !video || video.readyState >= 2 && !video.seeking)"
FRAME = """
const video = document.querySelector("video"), canvas = document.createElement("canvas");
Object.assign(canvas, {width: 160, height: 210});
const context = canvas.getContext("2d");
context.drawImage(video, 0, 0, 160, 210);
return [...context.getImageData(0, 0, 160, 210).data];
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as chromium:
        chromium.driver.get("about:blank")
        chromium.asked()  # what the browser asks for as it starts
        yield chromium


@pytest.fixture(scope="module")
def pacman(tmp_path_factory):
    """The released agent with its two shortest games."""
    released = REPOSITORY / "checkpoints" / "released" / "mspacman-dqn"
    run = shutil.copytree(released, tmp_path_factory.mktemp("runs") / "pacman", symlinks=True)
    with closing(sqlite3.connect(run / "tapes.sqlite")) as store:
        store.execute("DELETE FROM tapes WHERE number NOT IN (SELECT number FROM tapes ORDER BY length LIMIT 2)")
        store.commit()
    return run


@pytest.fixture(scope="module")
def runs(pacman, tmp_path_factory):
    place = tmp_path_factory.mktemp("others")
    call("train.py", "planner", "--env", "FrozenLake-v1", "--root", place, "--score-episodes", 2)
    cart = random_run(place / "cart", "CartPole-v1", [("train", 0, 0, 0), ("train", 1, 1, 50)])
    checkpoint.write(cart, 50, lambda folder: None)
    unseen = random_run(place / "unseen", "Identity-v0", [("train", 0, 0, 0)])
    lake = random_run(place / "lake", "FrozenLake-v1", [("train", 0, 0, 0)])
    return [pacman, only_run(place / "FrozenLake-v1"), cart, unseen, lake]


@pytest.fixture(scope="module")
def library(runs):
    return Library([watch.source_of(run) for run in runs])


@pytest.fixture(scope="module")
def address(library):
    """Where the page is served."""
    server = Server(library, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.address
    server.shutdown()
    library.close()
    server.server_close()


@pytest.fixture
def page(chromium, address):
    """Opens a place on the page; in the end nothing was complained of, and nobody else asked."""

    def open_(place, ready=READY):
        chromium.driver.get("about:blank")
        chromium.driver.get(f"{address}#/{place}")
        chromium.wait(ready)
        return chromium

    yield open_
    chromium.js("return shown?.player.pause()")
    assert chromium.complaints() == []
    assert {url for url in chromium.asked() if not url.startswith((address, "data:", "about:"))} == set()


@pytest.fixture(scope="module")
def tapes(pacman):
    with closing(TapeStore(pacman / "tapes.sqlite")) as store:
        return list(store.all("eval"))


def game(tape):
    return f"0/eval/{tape.number}/default"


def moments(tape):
    return list(envs.emulate(tape, screens=True))


def assert_shows(page, screen):
    """The video stands at this screen."""
    seen = np.array(page.js(FRAME), np.uint8).reshape(210, 160, 4)[..., :3]
    assert np.abs(seen.astype(int) - screen).mean() < 5


def test_the_gallery_shows_the_games_in_any_order(page, tapes):
    there = page("", "document.querySelector('table')")
    assert there.js("return [document.querySelectorAll('.cards li').length, typeof Plotly]") == [5, "undefined"]
    column = "return [...document.querySelectorAll('td.score')].map((cell) => cell.textContent.replace(',', ''))"
    scores = sorted(tape.score for tape in tapes)
    assert [float(score) for score in there.js(column)] == scores[::-1]
    there.click("[data-column=score]")
    assert [float(score) for score in there.js(column)] == scores
    there.click("td.number a")
    there.wait(READY)
    assert there.text("h2").startswith("eval game ")
    there.js("window.left = shown; location.hash = '#/'")
    there.wait("document.querySelector('table')")
    left = "left.player.playing || left.games.some((game) => game.video || game.saliency.on)"
    assert not there.js(f"return {left}")


def test_a_video_plays_and_the_timeline_with_it(page, tapes):
    there = page(f"game/{game(tapes[0])}")
    there.click(".play")
    there.wait("shown.player.step > 20")
    assert there.js("shown.player.setSpeed(2); return document.querySelector('video').playbackRate") == 2
    there.click(".play")
    there.wait("!shown.player.playing && " + READY)
    step, time_, slider = there.js(
        "return [shown.player.step, document.querySelector('video').currentTime, shown.slider.value]"
    )
    assert step == int(slider)
    assert time_ == pytest.approx((4 * step + 0.5) / 60, abs=0.001)


def test_the_timeline_moves_the_video_and_the_video_the_timeline(page, tapes):
    there = page(f"game/{game(tapes[0])}")
    there.js("shown.slider.value = 250; shown.slider.dispatchEvent(new Event('input'))")
    there.wait("shown.player.step === 250 && " + READY)
    assert_shows(there, moments(tapes[0])[250].screens[-1])
    names = envs.action_names(tapes[0].environment, PROTOCOLS["ale_v5"])
    assert there.text(".actions .chosen .name") == names[tapes[0].actions[250]]
    assert there.text("[data-fact=score]").replace(",", "") == f"{tapes[0].rewards[:250].sum():g}"
    cursor = "document.querySelector('.cursor').getBoundingClientRect().left"
    chart = "document.querySelector('.chart').getBoundingClientRect()"
    share = there.js(f"return ({cursor} - {chart}.left - LEFT) / ({chart}.width - LEFT - RIGHT)")
    assert share == pytest.approx(250 / tapes[0].length, abs=0.002)
    there.driver.find_element("css selector", "body").send_keys(Keys.ARROW_RIGHT)
    there.wait("shown.player.step === 251 && " + READY)
    there.js("document.querySelector('video').currentTime = 400.5 / 60")
    there.wait("Number(shown.slider.value) === 100")
    box = "const box = document.querySelector('.chart').getBoundingClientRect();"
    point = "{clientX: box.left + LEFT + (box.width - LEFT - RIGHT) / 2, pointerId: 1, bubbles: true}"
    there.js("Element.prototype.setPointerCapture = () => {}")
    middle = f"{box} document.querySelector('.chart').dispatchEvent(new PointerEvent('pointerdown', {point}))"
    there.js(middle)
    there.wait(f"Math.abs(shown.player.step - {tapes[0].length / 2}) <= 1")
    there.js("shown.player.seek(200); shown.games[0].chart.zoom(100); shown.player.seek(225)")
    assert there.js(f"return ({cursor} - {chart}.left - LEFT) / ({chart}.width - LEFT - RIGHT)") == 0.75
    there.js(middle)
    there.wait("Math.abs(shown.player.step - 200) <= 1")


def test_jumps_lead_to_deaths_and_rewards(page, tapes):
    seen = moments(tapes[0])
    deaths = [step for step in range(1, len(seen)) if seen[step].lives < seen[step - 1].lives]
    there = page(f"game/{game(tapes[0])}")
    there.click("[aria-label='next death']")
    there.wait(f"shown.player.step === {deaths[0]} && " + READY)
    assert there.text("[data-fact=lives]") == str(seen[deaths[0] - 1].lives - 1)
    assert_shows(there, seen[deaths[0]].screens[-1])
    there.driver.find_element("css selector", "body").send_keys("D")  # none before
    assert there.js("return shown.player.step") == deaths[0]
    there.js("shown.player.seek(0)")
    there.driver.find_element("css selector", "body").send_keys("r")
    paid = np.flatnonzero(tapes[0].rewards)[0]
    there.wait(f"shown.player.step === {paid + 1}")
    assert there.text("[data-fact=score]") == f"{tapes[0].rewards[paid]:g}"
    there.js("shown.player.seek(0)")
    errors = np.array(there.js("return shown.games[0].timeline.td_error"))
    there.click("[aria-label='next TD error']")
    assert there.js("return shown.player.step") == np.argsort(-np.abs(errors), stable=True)[:10].min()


def test_two_games_play_in_step(page, tapes):
    there = page("game/" + "+".join(map(game, tapes)))
    there.js("shown.player.play()")
    assert there.js("return shown.games.map(({video}) => video.playbackRate)") == pytest.approx([1, 1], abs=0.02)
    both = "return shown.games.map(stepAt)"
    deadline, apart = time.monotonic() + 2, []
    while time.monotonic() < deadline:
        one, other = there.js(both)
        apart.append(abs(one - other))
    there.js("shown.player.pause()")
    there.wait(READY)
    one, other = there.js(both)
    assert one == other == there.js("return shown.player.step") > 0
    assert np.median(apart) <= 4
    there.js("shown.player.seek(1e6)")
    assert there.js(both) == [tape.length for tape in tapes]
    shorter = f"shown.games[{np.argmin([tape.length for tape in tapes])}].video"
    there.js(f"shown.player.seek({min(tape.length for tape in tapes)} - 2); shown.player.play()")
    there.wait(f"shown.player.step > {min(tape.length for tape in tapes)} && {shorter}.paused")
    there.js("shown.player.seek(100)")
    there.wait(f"!{shorter}.paused")  # it goes on where the player went back


def test_another_game_is_put_beside_and_taken_away(page):
    there = page("game/2/train/0/default")
    there.click("nav a[href*='train']")
    there.wait("document.querySelector('.banner')")
    there.click("[aria-label='train game 1']")
    there.wait("shown && shown.games.length === 2 && " + READY)
    assert there.js("return shown.games.map(({timeline}) => timeline.number)") == [0, 1]
    there.click("nav button")
    there.wait("shown && shown.games.length === 1 && " + READY)
    assert there.text("h2") == "train game 0"


def test_another_checkpoint_may_judge(page):
    there = page("game/2/train/1/default")
    assert there.text(".game header label").endswith("which played it")
    choice = "document.querySelector('header select')"
    there.js(f"{choice}.value = 0; {choice}.dispatchEvent(new Event('change'))")
    there.wait("shown && shown.games[0].timeline.checkpoint === 0 && " + READY)
    assert there.js(f"return {choice}.value") == "0"


def test_saliency_is_drawn_over_the_screen_and_called_a_heuristic(page, library, tapes):
    there = page(f"game/{game(tapes[0])}")
    there.js("shown.player.seek(100)")
    there.driver.find_element("css selector", "body").send_keys("s")
    there.wait("shown.games[0].saliency.asking")
    there.js("shown.player.seek(200)")  # before the answer is there
    there.wait("!document.querySelector('.heat').hidden")
    alpha = "getImageData(0, 0, 21, 21).data].filter((_, place) => place % 4 === 3)"
    heat = there.js(f"return [...document.querySelector('.heat').getContext('2d').{alpha}")
    assert max(heat) == 200
    assert sorted(heat)[len(heat) // 2] < 100  # bright in places, not everywhere
    step = there.js("return shown.games[0].timeline.checkpoint")
    told = np.array(library.saliency(0, "eval", tapes[0].number, step, 200)["heat"])
    assert np.abs(np.array(heat) - 200 * told.ravel() / told.max()).max() <= 1
    assert "heuristic" in there.text(".seen > .note")


def test_a_map_shows_values_and_arrows(page):
    there = page("game/1/eval/0/default")
    cells = there.js("return [...document.querySelectorAll('.grid .arrow')].map((arrow) => arrow.textContent)")
    assert len(cells) == 16
    assert cells[0] == "←"  # along the border it cannot slip into a hole
    row, column = divmod(there.js("shown.player.seek(3); return shown.games[0].timeline.states[3]"), 4)
    here = "document.querySelectorAll('.grid .here')"
    placed = f"return [...{here}].map((one) => [one.y.baseVal.value, one.x.baseVal.value])"
    assert there.js(placed) == [[60 * row + 2, 60 * column + 2]]


def test_a_map_is_drawn_also_of_an_agent_that_tells_nothing(page):
    there = page("game/4/train/0/default")
    written = "return [...document.querySelectorAll('.grid .arrow, .grid .worth-text')].map((text) => text.textContent)"
    assert there.js(written) == [""] * 32
    assert there.text(".grid figcaption") == "the map"


@pytest.mark.parametrize(("run", "videos"), [(2, 1), (3, 0)], ids=["CartPole", "without pictures"])
def test_other_environments_are_played_too(page, run, videos):
    there = page(f"game/{run}/train/0/default")
    assert there.js("return document.querySelectorAll('video').length") == videos
    assert there.js("shown.player.play(); shown.player.tick(0); return shown.player.step") == 0
    there.js("shown.player.setSpeed(8); shown.player.play()")
    there.wait("shown.player.step === shown.player.length")


def test_a_game_whose_video_cannot_be_played_goes_on_without(page):
    there = page("game/2/train/0/default")
    there.js("document.querySelector('video').dispatchEvent(new Event('error'))")
    assert "The video cannot be played" in there.text(".seen .note")
    there.js("shown.player.setSpeed(8); shown.player.play()")
    there.wait("shown.player.step === shown.player.length")


@pytest.fixture
def telephone(chromium):
    """Makes the window as wide as one, while the page is there."""

    def turn():
        size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        chromium.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        chromium.wait("innerWidth === 400")

    yield turn
    chromium.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


WIDTH = "document.documentElement.scrollWidth"


def test_the_gallery_fits_a_telephone(page, telephone):
    there = page("", "document.querySelector('table')")
    telephone()
    assert there.js(f"return {WIDTH}") <= 400


def test_two_games_fit_a_telephone(page, tapes, telephone):
    there = page("game/" + "+".join(map(game, tapes)))
    there.wait("shown.games.every(({chart}) => chart.element.querySelector('.main-svg'))")
    there.js("for (const { chart } of shown.games) chart.observer.disconnect()")  # as before the charts have followed
    telephone()
    assert there.js(f"return {WIDTH}") <= 400
    there.js("for (const { chart } of shown.games) chart.observer.observe(chart.element)")
    fits = "chart.element.querySelector('.main-svg').clientWidth === chart.element.clientWidth"
    there.wait(f"shown.games.every(({{chart}}) => {fits}) && {WIDTH} <= 400")
    ratio = "return [...document.querySelectorAll('.screen')].map((one) => one.clientWidth / one.clientHeight)"
    assert there.js(ratio) == pytest.approx([160 / 210] * 2, abs=0.01)  # saliency lies on the picture
    there.click("summary")
    left, right = there.js(
        "const {left, right} = document.querySelector('details dl').getBoundingClientRect(); return [left, right]"
    )
    assert 0 <= left < right <= 400


def test_what_cannot_be_shown_is_said(page):
    for place, reason in [("0/eval/99/default", "no such game: received eval 99"), ("../gallery", "There is no game")]:
        there = page(f"game/{place}", "document.querySelector('.error')")
        assert reason in there.text(".error")


def test_a_folder_opens_from_a_disk(chromium, pacman, tapes, tmp_path):
    folder.write(Library([watch.source_of(pacman)]), tmp_path / "page", [[]])
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    chromium.driver.get((tmp_path / "page" / "index.html").as_uri())
    chromium.wait("document.querySelectorAll('.cards img').length === 5")
    chromium.driver.get(f"{(tmp_path / 'page' / 'index.html').as_uri()}#/game/{game(tapes[0])}")
    chromium.wait(READY)
    chromium.js("shown.player.play()")
    chromium.wait("shown.player.step > 5")
    chromium.js("shown.player.pause()")
    chromium.driver.find_element("css selector", "body").send_keys("s")
    assert "it needs the server" in chromium.text(".seen > .note")
    assert chromium.complaints() == []
    assert {url for url in chromium.asked() if not url.startswith(("file:", "data:", "about:"))} == set()
