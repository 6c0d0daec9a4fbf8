"""The receipt of a deletion, and its signed proof once the store has none of the files."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from dashboard.access.session import client
from dashboard.address import in_address, text
from dashboard.problems import stating_refusals
from dashboard.states import ago, counted


def receipt_field() -> None:
    """Show a field for the id of a receipt, and what it is the receipt of."""
    with st.container(border=True):
        st.subheader("Deletion receipt")
        st.caption(
            "What became of a deletion, and its signed proof: the hashes of the deleted files, when and why. "
            "Check it with `blurline verify proof.json`."
        )
        given = st.text_input("Receipt", placeholder="The id of a receipt", **in_address("receipt", text)).strip()
        if not given:
            return
        try:
            receipt_id = UUID(given)
        except ValueError:
            st.warning("This is not the id of a receipt. It looks like 0193f1a2-7c02-7abc-8def-0123456789ab.")
            return
        with stating_refusals():
            _show(receipt_id)


def receipt_link(receipt_id: UUID) -> None:
    """Show a link to the receipt."""
    st.page_link(
        "exports.py",
        label="Receipt and proof of the deletion",
        icon=":material/receipt_long:",
        query_params={"receipt": str(receipt_id)},
    )


def _show(receipt_id: UUID) -> None:
    receipt = client().deletion(receipt_id)
    deleted = f"**{counted(receipt.images, 'image')}** deleted {ago(receipt.created_at)}"
    if receipt.completed_at is None:
        st.markdown(f"{deleted}. The store still holds some of the files; the proof follows once it holds none.")
        return
    st.markdown(f"{deleted}; the store has held none of the files since {receipt.completed_at:%Y-%m-%d %H:%M} UTC.")
    st.download_button(
        "Proof of the deletion",
        client().proof(receipt_id).model_dump_json(indent=1),
        f"{receipt_id}.proof.json",
        "application/json",
        on_click="ignore",
        icon=":material/verified:",
    )
