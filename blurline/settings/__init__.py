"""The settings: ``BLURLINE_…`` variables from the environment or from files."""

from blurline.settings.settings import (
    PREFIX,
    SETTINGS,
    STACK_FILE,
    Setting,
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
    "SETTINGS",
    "STACK_FILE",
    "Setting",
    "Settings",
    "check_variables",
    "export_prefect",
    "load_home",
    "load_secrets",
    "load_settings",
    "variable",
]
