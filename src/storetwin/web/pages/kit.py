"""What pages are made of, on one page: for those who build pages. It is not in the navigation."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from storetwin.web.route import PageRoute
from storetwin.web.view import Reading
from storetwin.web.words import WORDS, Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
MEANINGS: Final = {
    Tone.INFO: "new, or at work",
    Tone.CHANGE: "different, late or incomplete",
    Tone.OK: "as it should be",
    Tone.BAD: "failed, or gone",
    Tone.IDLE: "rests or waits",
    Tone.ASK: "a person decides",
}


@router.get("/kit")
async def kit_page(page: Reading) -> Response:
    """Show all words, buttons, notes, tables and empty places."""
    tones = [
        (tone, meaning, [word.text for word in WORDS.values() if word.tone is tone])
        for tone, meaning in MEANINGS.items()
    ]
    document = {tone.value: words for tone, _, words in tones}
    return await page.render("kit/index.html", {"tones": tones}, document=document)
