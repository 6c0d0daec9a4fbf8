"""Exports: tables, training sets and audit records to take away."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID

import streamlit as st

from blurline.client import Chosen, Client
from blurline.settings import load_settings
from blurline.tokens import Scope
from dashboard.choosing import choose_images
from dashboard.problems import stating_problems
from dashboard.session import client, may, sees_everything
from dashboard.states import counted

_MOST_ROWS = 200_000  # of images; a file passes through the dashboard's memory


def _show() -> None:
    st.title("Exports")
    with stating_problems():
        chosen = choose_images("exports")
        images = sum(point.images for point in client().figures.timeline(chosen).points)
        st.markdown(f"**{counted(images, 'image')}** chosen.")
        if images > _MOST_ROWS:
            _say_how_else()
        elif not images:
            st.info("Choose a longer time, or less in the filters.", icon=":material/filter_alt_off:")
        else:
            _tables(chosen)
            if sees_everything():
                _training_sets(chosen)
    _audit()


def _tables(chosen: Chosen) -> None:
    left, right = st.columns(2)
    for column, table, title, about in (
        (left, "images", "Images", "A row an image: state, sizes, hashes, model, times."),
        (right, "detections", "Detections", "A row a box of the present results, destroyed or not, with its score."),
    ):
        with column, st.container(border=True):
            st.subheader(title)
            st.caption(about)
            with st.container(horizontal=True):
                for kind in ("parquet", "csv"):
                    _download(
                        kind.upper() if kind == "csv" else "Parquet",
                        f"{table}.{kind}",
                        lambda api, file, table=table, kind=kind: api.exports.table(table, file, chosen, kind),  # type: ignore[misc]
                    )


def _training_sets(chosen: Chosen) -> None:
    with st.container(border=True):
        st.subheader("Training sets")
        st.caption(
            "Where the faces are in every chosen image that a reviewer has approved or corrected, for training and "
            "measuring detectors. Boxes are in pixels of the upright picture; files are listed with their hashes."
        )
        with_originals = may(Scope.OPERATE) and st.checkbox(
            "With the original pictures", help="They show faces. Each is noted as looked at by you."
        )
        with st.container(horizontal=True):
            for kind in ("coco", "yolo"):
                _download(
                    kind.upper(),
                    f"faces-{kind}.zip",
                    lambda api, file, kind=kind: api.exports.corrections(  # type: ignore[misc]
                        file, chosen, kind, with_originals=with_originals
                    ),
                )


def _audit() -> None:
    with st.container(border=True):
        st.subheader("Audit record")
        st.caption(
            "What became of one image: hashes, model, policy, boxes and decisions, signed. "
            "`blurline verify record.json --result picture.jpg` checks it."
        )
        given = st.text_input("Image", placeholder="The id of an image", key="audit-image").strip()
        if not given:
            return
        with stating_problems():
            try:
                image_id = UUID(given)
            except ValueError:
                st.warning("An id looks like 0193f1a2-7c01-7abc-8def-0123456789ab; it is on the image's page.")
                return
            record = client().exports.audit(image_id)
            st.download_button(
                f"Record of {record.record.name}",
                record.model_dump_json(indent=1),
                f"{image_id}.audit.json",
                "application/json",
                on_click="ignore",
                icon=":material/verified:",
            )


def _download(label: str, name: str, write: Callable[[Client, BinaryIO], None]) -> None:
    """A button for a file that is made when it is pressed."""
    api = client()  # the session is out of reach where Streamlit fetches

    def fetched() -> bytes:
        file = io.BytesIO()
        write(api, file)
        return file.getvalue()

    st.download_button(label, fetched, name, on_click="ignore", icon=":material/download:", key=f"export-{name}")


def _say_how_else() -> None:
    st.markdown("So much is better fetched with the API, which streams it:")
    address = f"{load_settings().api_url}/v1/exports/images?since=2026-01-01T00:00:00Z&format=parquet"
    st.code(f'curl -o images.parquet -H "Authorization: Bearer $TOKEN" \\\n  "{address}"', language="bash")


_show()
