"""The report of a run, as a browser shows it."""

import io
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from sparkjobs.report import write_report
from tests.recorded import ORDERS, REPORT, REVENUE, STORES, entry, kept, record


@pytest.fixture
def address(tmp_path: Path) -> str:
    for day in (1, 2, 3):
        kept(
            tmp_path,
            record(ORDERS, {**REVENUE, "status": "success", "published": 365}, run_id=f"r{day}", day=day),
        )
    return write_report(kept(tmp_path, record(ORDERS, REVENUE, REPORT, STORES))).as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    yield page
    page.close()


def brightness(page: Page) -> float:
    """Of a picture of the page: 0 is black, 255 white."""
    with Image.open(io.BytesIO(page.screenshot(full_page=True))) as picture:
        return mean(picture.convert("L").resize((64, 64)).tobytes())


def wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_it_loads_nothing_and_complains_of_nothing(page: Page, address: str) -> None:
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(address)

    assert asked == [address]
    assert said == []


def test_the_verdict_and_the_failures_are_seen_before_anything_else(page: Page, address: str) -> None:
    page.goto(address)

    assert page.locator("h1").inner_text() == "1 of 4 jobs failed, 1 skipped"
    assert page.locator("h2").all_inner_texts() == ["What failed", "Warnings", "Jobs", "Job by job"]
    failed = page.locator("article.fail")
    assert failed.get_by_role("heading").all_inner_texts() == ["fail daily_revenue", "fail between(revenue)"]
    assert failed.locator("tbody tr").all_inner_texts() == ["2026-01-03\t-12.5", "2026-01-04\t-0.01"]


def test_what_rows_hold_is_text_and_never_markup(page: Page, address: str) -> None:
    page.goto(address)

    assert page.get_by_role("cell", name="<b>FREE</b>").count() == 1
    assert page.locator("td b").count() == 0


def test_it_follows_the_scheme_that_the_reader_wants(page: Page, address: str) -> None:
    page.goto(address)

    page.emulate_media(color_scheme="light")
    light = brightness(page)
    page.emulate_media(color_scheme="dark")
    dark = brightness(page)

    assert light > 220
    assert dark < 60


def test_a_dark_page_is_printed_light_and_with_every_job_open(page: Page, address: str) -> None:
    page.goto(address)
    closed = page.get_by_text("sparkjobs/orders:7")

    page.emulate_media(color_scheme="dark", media="print")
    printed = closed.bounding_box()

    assert brightness(page) > 220
    assert printed
    assert printed["height"] > 0


def test_a_link_to_a_job_opens_it(page: Page, address: str) -> None:
    page.goto(address)
    key = page.get_by_text("sparkjobs/daily_revenue:7")
    assert not key.is_visible()

    page.locator("article.fail").get_by_role("link", name="daily_revenue").click()

    assert key.is_visible()


def test_it_is_read_without_a_mouse(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary", has_text="orders").focus()

    page.keyboard.press("Enter")

    assert page.get_by_text("sparkjobs/orders:7").is_visible()


def test_charts_tell_in_words_what_they_draw(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary", has_text="orders").click()

    course = page.get_by_role("img", name="rows published: 1,204,300 now, 1,204,300 to 1,204,300 in 4 runs")
    states = page.get_by_role("img", name="runs, oldest first: success, success, success, fail")

    assert course.is_visible()
    assert states.first.is_visible()


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_window_is_too_narrow(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")

    assert not wider_than_the_window(page)


def test_long_values_stay_in_their_columns(page: Page, tmp_path: Path) -> None:
    columns = {"a": {"type": "string", "nulls": 0, "min": "A" * 64, "max": "Z" * 64}}
    folder = kept(tmp_path, record(entry("orders", profile={"rows": 1, "bytes": 1, "columns": columns})))
    page.goto(write_report(folder).as_uri())
    page.locator("summary").click()

    least, greatest = (page.get_by_role("cell", name=letter * 64).bounding_box() for letter in "AZ")

    assert least
    assert greatest
    assert least["x"] + least["width"] <= greatest["x"]
    assert page.eval_on_selector_all(".bound", "all => all.every(one => one.scrollWidth <= one.clientWidth)")


def test_each_job_has_a_heading_over_those_of_its_parts(page: Page, address: str) -> None:
    page.goto(address)
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")

    headings = page.locator("details").first.locator("h3, h4").all_inner_texts()

    assert headings == ["orders", "Advice", "Checks", "Profile of 1,204,300 rows, 48.2 MB", "The last 4 runs"]


def test_long_words_and_two_hundred_jobs_do_not_break_it(page: Page, tmp_path: Path) -> None:
    word = "x" * 400
    jobs = [entry(f"job_{place}", message=word) for place in range(199)]
    folder = kept(tmp_path, record(entry(word, "error", message=word), *jobs))

    page.goto(write_report(folder).as_uri())

    assert page.locator("details").count() == 200
    assert not wider_than_the_window(page)
