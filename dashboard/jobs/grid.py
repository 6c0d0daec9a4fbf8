"""Images as a grid of thumbnails that open them; for reviewers, with the originals beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from blurline.contract import Image
from dashboard.access.session import client
from dashboard.address import restate_fields
from dashboard.jobs.image_filters import HIGH_DOUBT
from dashboard.jobs.previews import thumbs
from dashboard.states import IMAGE_STATES, counted, plain

PER_PAGE = 24
_PER_ROW = 6
_PER_ROW_WITH_ORIGINALS = 3
_ENDED = ("published", "needs_review", "failed")
# The button with the name covers its whole cell, so that the thumbnail opens the image too.
_STYLE = """<style>
.st-key-gallery [data-testid="stImage"] img {
  height: 9.5rem; width: 100%; object-fit: contain; background: rgba(128, 128, 128, .12); border-radius: .4rem;
}
.st-key-gallery .blank {
  height: 9.5rem; display: flex; align-items: center; justify-content: center; border-radius: .4rem;
  background: rgba(128, 128, 128, .12); opacity: .75; font-size: .9rem;
}
.st-key-gallery button p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.st-key-gallery [class*="st-key-cell-"] { position: relative; }
.st-key-gallery [class*="st-key-open-"], .st-key-gallery [class*="st-key-open-"] :is(div, button) { position: static; }
.st-key-gallery [class*="st-key-open-"] button::after { content: ""; position: absolute; inset: 0; cursor: pointer; }
.st-key-gallery [class*="st-key-cell-"]:hover img { outline: 2px solid currentColor; outline-offset: 1px; }
.st-key-gallery [class*="st-key-choose-"] { position: relative; z-index: 2; }
.st-key-gallery [data-testid="stElementToolbar"] { display: none; }
</style>"""


def show_grid(
    images: Sequence[Image],
    *,
    with_originals: bool = False,
    choose: Callable[[Image], object] | None = None,
    remark: Callable[[Image], str] | None = None,
) -> None:
    """Show the images. A press on one puts it into the address as `image`. ``choose`` draws a box to select it."""
    with st.container(key="gallery"):
        st.html(_STYLE)
        after = thumbs(client(), images)
        before = thumbs(client(), images, "original") if with_originals else None
        per_row = _PER_ROW_WITH_ORIGINALS if with_originals else _PER_ROW
        for start in range(0, len(images), per_row):
            for at, column in enumerate(st.columns(per_row)[: len(images) - start], start):
                image = images[at]
                with column.container(gap="xxsmall", key=f"cell-{image.id}"):
                    if before is not None:
                        _before_and_after(image, before[at], after[at])
                    else:
                        _result(image, after[at])
                    _below(image, (remark or describe)(image))
                    if choose is not None:
                        with st.container(key=f"choose-{image.id}"):
                            choose(image)


def describe(image: Image) -> str:
    """What to know of an image at a glance, as Markdown: a re-run, its state, its faces and its doubt."""
    if image.is_underway and image.state in _ENDED:
        return ":blue-badge[:material/autorenew: Being re-run]"
    doubt = doubt_badge(image)
    if image.state == "published":
        found = [
            counted(image.faces_found or 0, "face"),
            *(f"{count} {name}" for name, count in image.others_found.items()),
        ]
        return f":small[:gray[{', '.join(found)}]] {doubt}"
    return f"{IMAGE_STATES['needs_review'].badge} {doubt}" if image.state == "needs_review" else ""


def doubt_badge(image: Image) -> str:
    """The doubt as a badge: orange where it is high."""
    if image.doubt is None or image.state not in ("published", "needs_review"):
        return ""
    colour = "orange" if image.doubt > HIGH_DOUBT / 100 else "gray"
    return f":{colour}-badge[doubt {image.doubt * 100:.0f} %]"


def _before_and_after(image: Image, before: bytes | None, after: bytes | None) -> None:
    left, right = st.columns(2, gap="xxsmall")
    with left:
        if before is None:
            st.html('<div class="blank">No original available</div>')
        else:
            st.image(before, width="stretch", alt=f"Original of {image.name}")
    with right:
        _result(image, after)


def _result(image: Image, thumb: bytes | None) -> None:
    if thumb is None:
        st.html(f'<div class="blank">{IMAGE_STATES[image.state].word}</div>')
    else:
        st.image(thumb, width="stretch", alt=f"Result of {image.name}")


def _below(image: Image, remark: str) -> None:
    opened = st.button(
        plain(image.name),
        key=f"open-{image.id}",
        type="tertiary",
        width="stretch",
        wrap=False,
        on_click=restate_fields,
    )
    st.markdown(remark or "&nbsp;", text_alignment="center")
    if opened:
        st.query_params["image"] = str(image.id)
        st.rerun()
