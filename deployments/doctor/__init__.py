"""`blurline doctor`: check that every configured part works, and say what to do if one does not."""

from deployments.doctor.examination import examine
from deployments.doctor.result import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
