"""`blurline doctor`: whether every part that the settings name can be used, and what to do where one cannot."""

from deployments.doctor.examination import examine
from deployments.doctor.result import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
