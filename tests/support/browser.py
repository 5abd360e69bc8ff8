"""A real Chromium with fake camera and microphone."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, Page, async_playwright

Value = TypeVar("Value")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two busy pages must not be throttled because only one of them is in front.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)


def chromium_path() -> str | None:
    """Return `$CHROMIUM`, else the one on PATH, else None: then Playwright's own is used."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser; without its sandbox only as root, where it cannot have one."""
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def page_at(browser: Browser, url: str, artefact: Path) -> AsyncIterator[Page]:
    """Open a page as a person of its own; what its console says is kept as `artefact`."""
    context = await browser.new_context(viewport={"width": 1100, "height": 720}, permissions=["camera", "microphone"])
    page = await context.new_page()
    lines: list[str] = []
    page.on("console", lambda message: lines.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: lines.append(f"error: {error}"))
    try:
        await page.goto(url)
        yield page
    finally:
        artefact.with_suffix(".log").write_text("\n".join(lines))
        await context.close()


async def eventually(
    ask: Callable[[], Awaitable[Value]], holds: Callable[[Value], bool], page: Page, seconds: float = 30.0
) -> Value:
    """Ask a page again until the answer is as expected; fail with the last answer."""
    answer = await ask()
    for _ in range(int(seconds * 5)):
        if holds(answer):
            return answer
        await page.wait_for_timeout(200)
        answer = await ask()
    raise AssertionError(f"after {seconds} s the answer still is {answer}")


async def screenshot(page: Page, artefact: Path) -> None:
    """Keep how a page looks now."""
    await page.screenshot(path=artefact.with_suffix(".png"))


async def received(page: Page) -> list[dict[str, Any]]:
    """Return what the page receives, an entry a stream."""
    streams: list[dict[str, Any]] = await page.evaluate("window.tureen ? window.tureen.stats() : []")
    return streams
