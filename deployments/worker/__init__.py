"""The worker. Prefect finds its type through the entry point `prefect.collections`."""

from deployments.worker.worker import WarmWorker

__all__ = ["WarmWorker"]
