"""The documentation of a project, as a browser shows it."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.documented import large, shop, written
from tests.unit.projects import project

LINKS = """[...document.querySelectorAll("[href]")].map(one => one.getAttribute("href"))
    .filter(to => !to.startsWith("#") || !document.getElementById(to.slice(1)))"""
OVERLAPPING = """() => {
    const boxes = [...document.querySelectorAll("#home .node .box")].map(one => one.getBoundingClientRect());
    return boxes.filter((one, at) => boxes.slice(at + 1).some(other =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)).length;
}"""
OUTSIDE = """() => [...document.querySelectorAll("#home .node")].filter(one => {
    const box = one.querySelector(".box").getBoundingClientRect();
    return [...one.querySelectorAll("text")].some(text => text.getBoundingClientRect().right > box.right);
}).length"""
FAINT = """() => {
    const numbers = text => text.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
        .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = one => {
        const box = one.closest(".node")?.querySelector(".box");
        if (box && one.tagName === "text") return getComputedStyle(box).fill;
        for (let at = one; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (color !== "rgba(0, 0, 0, 0)" && color !== "transparent") return color;
        }
        return "rgb(255, 255, 255)";
    };
    const found = [];
    for (const one of document.querySelectorAll("body *")) {
        const told = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!told || !one.checkVisibility() || one.closest("title, script, .unseen, kbd")) continue;
        const style = getComputedStyle(one);
        const ink = one.tagName === "text" ? style.fill : style.color;
        const [a, b] = [light(numbers(ink)), light(numbers(ground(one)))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) found.push(`${one.tagName}.${one.getAttribute("class")} ${ratio.toFixed(2)}: ${one.textContent}`);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(shop(tmp_path_factory.mktemp("shop"))).as_uri()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(large(tmp_path_factory.mktemp("large")))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(10_000)
    yield page
    page.close()


def brightness(page: Page) -> float:
    """Of a picture of the page: 0 is black, 255 white."""
    with Image.open(io.BytesIO(page.screenshot(full_page=True))) as picture:
        return mean(picture.convert("L").resize((64, 64)).tobytes())


def wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def shown(page: Page) -> Locator:
    """What is shown of the start and the tables."""
    return page.locator("#home, .entry").filter(visible=True)


def expect_opened(page: Page, name: str) -> None:
    """Wait until the start, or the table `name`, is all that is shown: a link is followed after the key."""
    expect(shown(page)).to_have_count(1)
    expect(shown(page)).to_have_id(name)


@pytest.mark.parametrize("at", ["", "#job-stg_orders", "#source-orders", "#view-recent", "#job-never"])
def test_it_loads_nothing_and_complains_of_nothing(page: Page, address: str, at: str) -> None:
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(address + at)

    expect_opened(page, at.removeprefix("#") or "home")
    assert asked == [address]
    assert said == []
    assert page.evaluate("window.hacked") is None


def test_every_link_leads_somewhere_and_no_id_stands_twice(page: Page, address: str) -> None:
    page.goto(address)

    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")

    assert page.evaluate(LINKS) == []
    assert len(ids) == len(set(ids))
    assert page.locator("a").count() > 50


def test_a_column_leads_to_those_it_is_made_of(page: Page, address: str) -> None:
    page.goto(address + "#job-report")

    page.get_by_role("link", name="daily_revenue.revenue").click()
    expect_opened(page, "job-daily_revenue")
    assert page.evaluate("document.querySelector('tr:target th').innerText") == "revenue"
    assert page.get_by_role("link", name="nobody knows").get_attribute("href") == "#job-stg_orders"
    page.get_by_role("link", name="stg_orders.amount_eur").click()

    assert page.evaluate("document.querySelector('tr:target th').innerText") == "amount_eur"
    assert page.get_by_role("link", name="daily_revenue.revenue").is_visible()


def test_what_people_and_rows_say_is_text_and_never_markup(page: Page, address: str) -> None:
    page.goto(address + "#job-stg_orders")

    assert page.get_by_role("rowheader", name='odd <b>name</b> & "more"').is_visible()
    assert page.get_by_text(
        "They are <script>window.hacked = 1</script> safe to look at.", exact=True
    ).is_visible()
    assert page.get_by_role("cell", name="array<struct<n: bigint>>").is_visible()
    assert page.locator("script").count() == 1
    assert page.locator("td b, td i, img").count() == 0


def test_it_is_searched_and_walked_through_by_keys_alone(page: Page, address: str) -> None:
    page.goto(address)

    page.keyboard.press("/")
    page.keyboard.type("amou")
    names = page.get_by_role("option").all_inner_texts()
    assert [name.split("\n")[:2] for name in names] == [
        ["column", "amount"],
        ["column", "amount_eur"],
        ["column", "amount_tax"],
    ]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect_opened(page, "job-stg_orders")
    assert page.evaluate("document.querySelector('tr:target th').innerText") == "amount_tax"
    assert page.title() == "stg_orders · shop docs"
    assert page.evaluate("document.activeElement.innerText").startswith("stg_orders")

    page.go_back()
    expect(page.locator("#home")).to_be_visible()
    page.go_forward()
    expect(page.locator("#job-stg_orders")).to_be_visible()


def test_escape_clears_the_search_and_then_leaves_it(page: Page, address: str) -> None:
    page.goto(address)
    field = page.get_by_role("combobox", name="Search")
    page.keyboard.press("/")
    page.keyboard.type("stg")
    assert field.get_attribute("aria-expanded") == "true"
    assert field.get_attribute("aria-activedescendant") == "hit-0"

    page.keyboard.press("Escape")
    assert (field.input_value(), field.get_attribute("aria-expanded")) == ("", "false")
    assert field.evaluate("one => one === document.activeElement")
    page.keyboard.press("Escape")

    assert not field.evaluate("one => one === document.activeElement")


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("stg_orders", "job-stg_orders"),
        ("revenue daily", "job-daily_revenue"),
        ("the till wrote", "source-orders"),
        ("tag money", "tag-money"),
        ("recent", "view-recent"),
        ("board", "job-report"),
        ("MORE odd", "job-stg_orders.odd%20%3Cb%3Ename%3C%2Fb%3E%20%26%20%22more%22"),
        ("coupon", "source-orders.coupon"),
    ],
)
def test_jobs_sources_views_columns_tags_and_descriptions_are_found(
    page: Page, address: str, words: str, first: str
) -> None:
    page.goto(address)

    page.get_by_role("combobox").fill(words)
    page.keyboard.press("Enter")

    expect(page.locator(f"[id='{first}']")).to_be_in_viewport()


def test_what_is_not_there_is_said_to_be_not_there(page: Page, address: str) -> None:
    page.goto(address)

    page.get_by_role("combobox").fill("<b>zebra</b>")

    assert page.get_by_role("option").count() == 0
    assert page.get_by_text("Nothing is called so.").is_visible()


def test_links_lead_to_tables_and_the_way_back_to_where_one_was(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(address)
    link = page.get_by_role("table").first.get_by_role("link", name="stg_orders")
    link.scroll_into_view_if_needed()
    was = page.evaluate("scrollY")
    link.click()
    page.locator("#job-stg_orders .chips").get_by_role("link", name="daily_revenue").click()
    expect_opened(page, "job-daily_revenue")

    page.go_back()
    expect(page.locator("#job-stg_orders")).to_be_visible()
    page.go_back()
    expect(page.locator("#home")).to_be_visible()

    assert was > 100
    assert abs(page.evaluate("scrollY") - was) < 5
    assert link.evaluate("one => one === document.activeElement")


def test_an_address_that_leads_nowhere_shows_the_start(page: Page, address: str) -> None:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(address + "#job-of-yesterday")

    expect_opened(page, "home")
    assert said == []


def test_the_graph_is_reached_by_tab_and_lights_up_what_hangs_together(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="100 %").focus()

    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.classList.contains('canvas')"):
        page.keyboard.press("Tab")
    names = []
    for _ in range(4):
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Tab")
    assert names == [
        "source never",
        "source orders",
        "source rates",
        "job stg_orders, no-op, reads orders, rates",
    ]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")

    lit = page.eval_on_selector_all("#home .node.lit", "all => all.map(one => one.dataset.node).sort()")
    assert lit == [
        "job-daily_revenue",
        "job-report",
        "job-stg_orders",
        "source-orders",
        "source-rates",
        "view-recent",
    ]
    page.keyboard.press("Enter")
    expect_opened(page, "job-daily_revenue")


def test_pointing_at_a_table_dims_what_does_not_hang_together_with_it(page: Page, address: str) -> None:
    page.goto(address)

    page.locator("#home [data-node=job-never]").hover()

    dim = page.locator("#home .tracing .node:not(.lit)")
    assert dim.count() == 4
    expect(dim.first).to_have_css("opacity", "0.3")
    page.get_by_role("heading", name="shop").hover()
    expect(page.locator("#home .tracing")).to_have_count(0)


def test_status_is_told_by_more_than_colour(page: Page, address: str) -> None:
    page.goto(address)

    for job, status in (
        ("stg_orders", "no-op"),
        ("daily_revenue", "fail"),
        ("report", "skipped"),
        ("never", "never run"),
    ):
        node = page.locator(f"#home [data-node=job-{job}]")
        assert f", {status}" in str(node.get_attribute("aria-label"))
        assert node.locator(".kind").text_content() == status
        assert node.locator("use").get_attribute("href") == f"#icon-{status.replace(' ', '-')}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("at", ["#home", "#job-stg_orders", "#job-report", "#source-orders"])
def test_every_word_stands_out_from_its_ground(page: Page, address: str, scheme: str, at: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto(address + at)

    assert page.evaluate(FAINT) == []
    assert (brightness(page) < 60) == (scheme == "dark")


@pytest.mark.parametrize("width", [340, 768, 1920])
@pytest.mark.parametrize("at", ["", "#job-stg_orders", "#source-orders"])
def test_no_window_is_too_narrow(page: Page, address: str, width: int, at: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address + at)

    assert not wider_than_the_window(page)
    page.get_by_role("combobox").fill("order")
    assert page.get_by_role("option").first.is_visible()
    assert not wider_than_the_window(page)


def test_the_start_is_printed_with_every_table_and_a_table_alone(page: Page, address: str) -> None:
    page.goto(address)

    page.emulate_media(color_scheme="dark", media="print")
    expect(shown(page)).to_have_count(9)
    assert brightness(page) > 220
    assert not page.get_by_role("combobox").is_visible()
    page.goto(address + "#job-stg_orders")

    expect_opened(page, "job-stg_orders")


@pytest.mark.parametrize("at", ["#job-stg_orders", "#view-recent"])
def test_an_address_of_a_table_opens_it_at_its_top(page: Page, address: str, at: str) -> None:
    page.goto(address + at)
    page.wait_for_timeout(200)

    assert page.evaluate("scrollY") == 0


def test_nothing_is_cut_off_on_paper(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 680, "height": 960})
    page.goto(address)
    page.emulate_media(media="print")

    made = page.locator("#view-recent details pre.text").bounding_box()

    assert made
    assert made["height"] > 0
    assert not wider_than_the_window(page)
    assert page.eval_on_selector_all(
        "pre.text", "all => all.every(one => one.scrollWidth <= one.clientWidth)"
    )


def test_it_is_all_there_without_a_script(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(address)

    expect(shown(page)).to_have_count(9)
    assert not page.locator("#search").is_visible()
    assert not page.get_by_role("button", name="fit").is_visible()
    page.locator(".side").get_by_role("link", name="report").click()
    expect(page.locator("#job-report h2")).to_be_in_viewport()
    context.close()


def test_nothing_moves_for_those_who_want_no_motion(page: Page, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(address)

    moving = page.eval_on_selector_all(
        "*", "all => all.filter(one => getComputedStyle(one).transitionDuration !== '0s').length"
    )

    assert moving == 0


def test_a_project_that_never_ran_is_shown_without_complaint(page: Page, tmp_path: Path) -> None:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(written(project(tmp_path)).as_uri() + "#job-daily")

    assert page.get_by_text("It has never run, or its records are gone.").is_visible()
    assert said == []


def test_two_hundred_jobs_are_soon_shown_and_no_table_lies_on_another(page: Page, many: Path) -> None:
    started = time.monotonic()
    page.goto(many.as_uri())
    took = time.monotonic() - started

    assert many.stat().st_size < 4_000_000
    assert took < 10
    assert page.locator("#home .node").count() == 220
    assert page.evaluate(OVERLAPPING) == 0
    assert page.evaluate(OUTSIDE) == 0
    assert page.evaluate(LINKS) == []
    assert not wider_than_the_window(page)


def test_among_two_hundred_jobs_a_column_is_found_at_once(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    page.keyboard.press("/")
    page.keyboard.type("column_7 mart_things_of_170")

    assert page.get_by_role("option").all_inner_texts() == [
        "column\ncolumn_7\nin mart_things_of_170 · EUR, number 7 of mart_things_of_170"
    ]
    page.keyboard.press("Control+A")
    page.keyboard.type("things")
    assert page.get_by_role("option").count() == 40
    assert (
        page.get_by_text("and 2,", exact=False).or_(page.locator(".more", has_text="more")).first.is_visible()
    )


def test_a_large_graph_is_fitted_into_its_frame_and_grows_again(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    overflow = "one => [one.scrollWidth > one.clientWidth + 1, one.scrollHeight > one.clientHeight + 1]"
    canvas = page.locator("#home .canvas")
    assert canvas.evaluate(overflow)[1]

    page.get_by_role("button", name="fit").click()
    assert canvas.evaluate(overflow) == [False, False]
    page.get_by_role("button", name="larger").click()
    page.get_by_role("button", name="100 %").click()

    assert canvas.evaluate(overflow)[1]
    assert page.evaluate(OVERLAPPING) == 0
