"""The blurring service that a Panoramax server expects."""
