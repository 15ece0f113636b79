"""The page of lineage, as a browser shows it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from sparkjobs.lineage.page import page
from sparkjobs.lineage.picture import columns_pictured
from tests.unit.test_lineage import LINEAGE, NASTY


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_loads_nothing_and_shows_where_each_column_comes_from(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    file = tmp_path / "lineage.html"
    file.write_text(page("Lineage", LINEAGE, columns_pictured(LINEAGE, rows=True)))
    asked, said = [], []
    with browser.new_context(viewport={"width": 800, "height": 600}) as context:
        shown = context.new_page()
        shown.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))

        shown.goto(file.as_uri())

        assert (asked, said) == ([file.as_uri()], [])
        assert shown.locator("svg text.head").all_text_contents() == [
            "sales",
            "countries",
            "clean",
            "daily",
            "top",
        ]
        assert not shown.evaluate("document.documentElement.scrollWidth > innerWidth")
        shown.locator("svg a", has_text="daily").first.click()
        assert shown.url.endswith("#job-daily")
        told = shown.locator("#job-daily tbody tr").all_inner_texts()
        assert [" ".join(row.split()) for row in told] == [
            "total double clean.eur made",
            "country string countries.name",
        ]


def test_a_name_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "lineage.html"
    file.write_text(page("<script>alert(1)</script>", NASTY, columns_pictured(NASTY, rows=True)))
    with browser.new_context() as context:
        shown = context.new_page()
        shown.goto(file.as_uri())

        assert shown.locator("h1").inner_text() == "<script>alert(1)</script>"
        assert shown.locator("script").count() == 0
        assert "<script>alert(1)</script>" in shown.locator("svg text.line").all_text_contents()
