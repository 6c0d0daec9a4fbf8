"""One image: its result and its details."""

from __future__ import annotations

import io
from uuid import UUID

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client.api import PreviewOf
from blurline.client.search import ImageQuery
from blurline.contract import ImageWithDetections
from blurline.settings import load_settings
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE
from dashboard.access.session import client, may
from dashboard.address import set_parameter
from dashboard.downloads import download_audit_record, download_result
from dashboard.jobs.error_advice import advice, error_sentence
from dashboard.jobs.result_words import result_name, without_picture
from dashboard.states import IMAGE_STATES, ago, plain, size
from dashboard.viewer.viewer import Picture, show_viewer

_LIGHT_BYTES = 1_000_000
_SHOWN_BY_BROWSERS = ("image/jpeg", "image/png", "image/webp")


def image_view(image_id: UUID, within: ImageQuery) -> None:
    """Show the image, its details, and the way to those before and after it. Raises the client's errors."""
    image = client().image(image_id)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(plain(image.name), width="content")
        _neighbours(image_id, within)
    picture, facts = st.columns([3, 1], gap="large")
    with facts:
        _facts(image)
        if image.result_url is not None:
            download_result(image)
            download_audit_record(image)
        if may(Scope.REVIEW):
            query = {"image": str(image.id)}
            st.page_link("review.py", label="Open in Review", icon=":material/visibility:", query_params=query)
        if within.job is None:
            query = {"job": str(image.job_id)}
            st.page_link("jobs.py", label="Open the job", icon=":material/stacks:", query_params=query)
        if image.flow_run_id is not None:
            run = f"{load_settings().prefect.ui_url}/runs/flow-run/{image.flow_run_id}"
            st.link_button("Flow run in Prefect", run, icon=":material/account_tree:")
    with picture:
        _picture(image)


def _neighbours(image_id: UUID, within: ImageQuery) -> None:
    """Show buttons for the images before and after it in the list that it was opened from."""
    found = client().search.neighbours(image_id, within)
    with st.container(horizontal=True, width="content"):
        for label, icon, shortcut, other in (
            ("Previous image", ":material/chevron_left:", "Left", found.previous),
            ("Next image", ":material/chevron_right:", "Right", found.next),
        ):
            st.button(
                label,
                icon=icon,
                shortcut=shortcut,
                disabled=other is None,
                on_click=set_parameter,
                args=("image", str(other)),
                key=label.lower().replace(" ", "-"),
            )


def _picture(image: ImageWithDetections) -> None:
    """Show the result, and for reviewers on request the original beside it, at every resolution."""
    may_compare = may(Scope.REVIEW) and not image.original_gone
    compares = may_compare and st.toggle("Show the original beside it", help="Each view of an original is logged.")
    shown = [
        picture
        for picture in (_preview(image, "original") if compares else None, _result(image))
        if picture is not None
    ]
    if shown and image.width_px and image.height_px:
        show_viewer(image, shown)
    else:
        st.info(without_picture(image), icon=":material/image:")


def _result(image: ImageWithDetections) -> Picture | None:
    """The published picture if it is small and browsers show it as it is, else a preview."""
    is_light = (image.result_bytes or 0) <= _LIGHT_BYTES and image.result_media_type in _SHOWN_BY_BROWSERS
    if image.state != "published" or image.result_gone or not is_light or (image.frames or 1) > 1:
        return _preview(image, "result")
    file = io.BytesIO()
    client().result(image.id, file)
    return "result", file.getvalue(), str(image.result_media_type)


def _preview(image: ImageWithDetections, of: PreviewOf) -> Picture | None:
    """The largest preview. Images that never waited for review have only a thumbnail."""
    data = client().preview(image.id, of, "view") or client().preview(image.id, of, "thumb")
    return None if data is None else (of, data, PREVIEW_MEDIA_TYPE)


def _facts(image: ImageWithDetections) -> None:
    st.markdown(IMAGE_STATES[image.state].badge)
    if image.error is not None:
        told = f"\n\n**What to do:** {advice(image.error)}" if advice(image.error) else ""
        st.markdown(f"{plain(error_sentence(image.error))}{told} :small[:gray[{image.error.code}]]")
    for note in image.notes:
        st.caption(plain(note.message))
    for name, value in _values(image).items():
        st.markdown(f":small[:gray[{name}]]  \n{value}")
    if image.policy:
        with st.expander("Policy"):
            st.json(image.policy)


def _original(image: ImageWithDetections) -> str:
    if image.original_gone is None:
        return size(image.original_bytes)
    what = "missing since" if image.original_gone.why == "missing" else "deleted on"
    return f"{what} {image.original_gone.at:%Y-%m-%d}; the image cannot be re-run or corrected"


def _values(image: ImageWithDetections) -> dict[str, str]:
    """The known details by name, as Markdown."""
    left = sum(not box.destroyed for box in image.detections)
    of_what = "" if image.state == "published" else f" in the {result_name(image)}"
    values: dict[str, object] = {
        f"Faces destroyed{of_what}": image.faces_found is not None and f"{image.faces_found}",
        **{f"Class {name}, destroyed{of_what}": f"{count}" for name, count in image.others_found.items()},
        "Candidates not destroyed": left and f"{left}",
        "Doubt": image.doubt is not None and f"{image.doubt:.0%}",
        "Size": image.width_px and f"{image.width_px} x {image.height_px} px",
        "Original": _original(image),
        "Submitted": ago(image.created_at),
        "Processing time": image.processing_ms and f"{image.processing_ms / 1000:.1f} s",
        "Model": image.model and f"{plain(str(image.model.get('name', '')))}{_by(image.blurline_version)}",
        f"SHA-256 of the {result_name(image)}": image.result_sha256 and f"`{image.result_sha256[:16]}…`",
        "Image": f"`{image.id}`",
    }
    return {name: str(value) for name, value in values.items() if value}


def _by(version: str | None) -> str:
    return f", by Blurline {plain(version)}" if version else ""
