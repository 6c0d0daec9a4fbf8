"""Settings: every ``BLURLINE_…`` variable, from the environment or from files."""

from blurline.settings.settings import (
    PREFIX,
    STACK_FILE,
    Settings,
    check_variables,
    export_prefect,
    load_home,
    load_secrets,
    load_settings,
    variable,
)

__all__ = [
    "PREFIX",
    "STACK_FILE",
    "Settings",
    "check_variables",
    "export_prefect",
    "load_home",
    "load_secrets",
    "load_settings",
    "variable",
]
