"""The command `streamlit`, whose server has deadlines for its connections."""

from __future__ import annotations

import statistics  # noqa: F401  # now: Streamlit makes the folder of the pages, one of which has this name, importable

from streamlit.web.cli import main

from blurline.inbound.connection_deadlines import install_as_default

if __name__ == "__main__":
    install_as_default()
    main()
