"""Exports: tables, training sets and audit records."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from uuid import UUID

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client import Chosen
from blurline.client.exports import Table, TableFormat, TrainingFormat
from blurline.settings import load_settings
from dashboard.access.session import client, may, sees_everything
from dashboard.address import restate_fields
from dashboard.deletion.receipts import receipt_field
from dashboard.download_links import download_link
from dashboard.problems import stating_problems, stating_refusals
from dashboard.states import counted
from dashboard.statistics.image_filter import choose_images
from dashboard.statistics.made_by import list_made_by

_MOST_ROWS = 200_000  # images; the dashboard fetches a whole file before it sends any of it
_TABLES: Mapping[Table, tuple[str, str]] = {
    "images": ("Images", "One row per image: state, sizes, hashes, model, times."),
    "detections": ("Detections", "One row per box of the current results, destroyed or not, with its score."),
}
_TABLE_FORMATS: Mapping[TableFormat, tuple[str, str]] = {
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "csv": ("CSV", "text/csv"),
}
_TRAINING_FORMATS: tuple[TrainingFormat, ...] = ("coco", "yolo")


def _show() -> None:
    st.title("Exports")
    with stating_refusals():
        chosen, _ = choose_images(list_made_by())
        images = sum(point.images for point in client().statistics.timeline(chosen).points)
        st.markdown(f"**{counted(images, 'image')}** selected.")
        if images > _MOST_ROWS:
            _show_api_command()
        elif not images:
            st.info("Choose a longer time range or fewer filters.", icon=":material/filter_alt_off:")
        else:
            _tables(chosen)
            if sees_everything():
                _training_sets(chosen)
    _audit()
    receipt_field()


def _tables(chosen: Chosen) -> None:
    for column, (table, (title, about)) in zip(st.columns(len(_TABLES)), _TABLES.items(), strict=True):
        with column, st.container(border=True):
            st.subheader(title)
            st.caption(about)
            with st.container(horizontal=True):
                for kind, (label, media_type) in _TABLE_FORMATS.items():
                    write = partial(client().exports.table, table, chosen=chosen, table_format=kind)
                    download_link(label, f"{table}.{kind}", media_type, write)


def _training_sets(chosen: Chosen) -> None:
    with st.container(border=True):
        st.subheader("Training sets")
        st.caption(
            "The faces of every selected image that a reviewer has approved or corrected, to train and measure "
            "detectors. Boxes are in pixels of the upright picture; files are listed with their hashes."
        )
        with_originals = may(Scope.OPERATE) and st.checkbox(
            "Include the originals",
            help="Originals show faces. Each is recorded as viewed by you.",
            on_change=restate_fields,
        )
        with st.container(horizontal=True):
            for kind in _TRAINING_FORMATS:
                write = partial(
                    client().exports.corrections, chosen=chosen, training_format=kind, with_originals=with_originals
                )
                download_link(kind.upper(), f"faces-{kind}.zip", "application/zip", write)


def _audit() -> None:
    with st.container(border=True):
        st.subheader("Audit record")
        st.caption(
            "The signed history of one image: hashes, model, policy, boxes and decisions. "
            "Check it with `blurline verify record.json --result picture.jpg`."
        )
        given = st.text_input("Image", placeholder="The id of an image", key="audit-image").strip()
        if not given:
            return
        with stating_problems():
            try:
                image_id = UUID(given)
            except ValueError:
                st.warning(
                    "This is not an image id. Copy the id from the image's page (0193f1a2-7c01-7abc-8def-0123456789ab)."
                )
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


def _show_api_command() -> None:
    st.markdown("This selection is too large for the dashboard. Download it with the API, which streams it:")
    address = f"{load_settings().api.shown_url}/v1/exports/images?since=2026-01-01T00:00:00Z&format=parquet"
    st.code(f'curl -o images.parquet -H "Authorization: Bearer $TOKEN" \\\n  "{address}"', language="bash")


_show()
