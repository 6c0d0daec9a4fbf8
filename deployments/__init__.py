"""Running Blurline: the worker, the Prefect deployments, the embedded stack, containers and Kubernetes."""
