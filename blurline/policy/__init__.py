"""Policies, presets and detection profiles."""

from blurline.policy.policy import OutputFormat, Policy, Review, Style

__all__ = ["OutputFormat", "Policy", "Review", "Style"]
