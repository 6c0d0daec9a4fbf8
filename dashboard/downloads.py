"""Buttons that download results."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

import streamlit as st

from blurline.contract import Image, Job
from blurline.file_names import result_path, safe_path
from blurline.settings import load_settings
from dashboard.access.session import client
from dashboard.download_links import download_link
from dashboard.states import size

_MOST_IN_A_ZIP = 300  # the dashboard fetches the whole ZIP before it sends any of it
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    **{f"image/{name}": f".{name}" for name in ("png", "webp", "avif", "gif", "bmp")},
}


def download_result(image: Image) -> None:
    """Show a button that downloads one result."""
    download_link(
        f"Download ({size(image.result_bytes or 0)})",
        _file_name(image),
        image.result_media_type or "application/octet-stream",
        partial(client().result, image.id),
        key=str(image.id),
    )


def download_audit_record(image: Image) -> None:
    """Show a button that downloads the signed history of one image."""

    def write(file: BinaryIO) -> None:
        file.write(client().exports.audit(image.id).model_dump_json(indent=1).encode())

    download_link(
        "Audit record",
        f"{image.id}.audit.json",
        "application/json",
        write,
        meaning="The signed history: hashes, model, policy, boxes and decisions. Check it with "
        "`blurline verify record.json --result picture.jpg`.",
    )


def download_all(job: Job) -> None:
    """Show a button that downloads a ZIP of a job's results, or for a large job how to download it with the API."""
    if not job.progress.published:
        return
    if job.progress.published > _MOST_IN_A_ZIP:
        with st.popover("Download all", icon=":material/download:"):
            st.markdown("There are too many results for the dashboard. Download them with the API:")
            address = f"{load_settings().api.shown_url}/v1/jobs/{job.id}/archive"
            st.code(f'curl -o results.zip -H "Authorization: Bearer $TOKEN" \\\n  {address}', language="bash")
        return
    download_link(
        "Download all",
        f"{job.id}.zip",
        "application/zip",
        partial(client().archive, job.id),
        meaning="A ZIP of every published result, and a list of all images.",
    )


def _file_name(image: Image) -> str:
    """The owner's name for the picture, plus the extension of the result if it differs."""
    name = safe_path(image.name).name or str(image.id)
    extension = _EXTENSIONS.get(image.result_media_type or "")
    return result_path(PurePosixPath(name), extension).name if extension else name
