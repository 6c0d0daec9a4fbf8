"""Sending chosen published images to review, from any grid, and taking that back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from uuid import UUID

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client import Client
from blurline.contract import Image, ReviewSelection
from dashboard.access.session import client, may
from dashboard.address import in_address, is_on, on, restate_fields
from dashboard.jobs.choosing import all_or_none, choose, choose_none, chosen_of
from dashboard.problems import stating_problems
from dashboard.review.bulk import decide
from dashboard.states import counted, plain

_SENT = "sent_to_review"
_MOST_NAMED = 10


def choosing(images: Sequence[Image]) -> Callable[[Image], object] | None:
    """Show the switch, the actions for the chosen images, and what became of the last ones. Return what draws an
    image's box in the grid, or None while nothing is chosen."""
    _outcome()
    published = [image for image in images if image.state == "published" and not image.is_underway]
    if not published or not st.toggle("Choose images", **in_address("choose", is_on, on)):
        return None
    chosen = chosen_of(published)
    with st.container(horizontal=True, vertical_alignment="center"):
        all_or_none(published, len(chosen))
        label = f"Send {counted(len(chosen), 'image')} to review"
        if st.button(
            label,
            type="primary",
            icon=":material/visibility:",
            disabled=not chosen,
            key="send-chosen",
            on_click=restate_fields,
        ):
            _confirm(chosen)
    names = {image.id for image in published}
    return lambda image: choose(image) if image.id in names else None


def send(client: Client, images: Sequence[Image]) -> int:
    """Send images to review, those of each job together. Return how many; what has changed since is left out."""
    by_job: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for image in images:
        by_job[image.job_id].append(image.id)
    return sum(client.send_to_review(job, ReviewSelection(image_ids=ids)) for job, ids in by_job.items())


@st.dialog("Send to review?")
def _confirm(chosen: list[Image]) -> None:
    st.write(
        f"{counted(len(chosen), 'published image')} will be withdrawn: only reviewers can fetch them until one "
        "approves them."
    )
    if st.button("Send them to review", type="primary", key="send-really"):
        with stating_problems():
            st.session_state[_SENT] = (send(client(), chosen), chosen)
            choose_none()
            st.rerun()


def _outcome() -> None:
    """Show how many were sent, with their undo for those who may approve them."""
    if _SENT not in st.session_state:
        return
    count, images = st.session_state[_SENT]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{counted(count, 'image')} sent to review**", width="content")
        if may(Scope.REVIEW) and st.button("Undo: publish them again", icon=":material/undo:", key="undo-sending"):
            with stating_problems():
                outcome = decide(client(), images, "approved")
                del st.session_state[_SENT]
                for name, reason in list(outcome.refused.items())[:_MOST_NAMED]:
                    st.toast(f"{plain(name)}: {plain(reason)}")
                st.toast(f"{counted(len(outcome.decided), 'image')} published again.")
                st.rerun()
        if st.button("Close", key="close-sending", type="tertiary"):
            del st.session_state[_SENT]
            st.rerun()
