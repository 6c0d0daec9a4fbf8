"""Values that stand in the examples of the OpenAPI document."""

JOB_ID = "0193f1a2-7c00-7abc-8def-0123456789ab"
IMAGE_ID = "0193f1a2-7c01-7abc-8def-0123456789ab"
OTHER_ID = "0193f1a2-7c02-7abc-8def-0123456789ab"
TIME = "2026-11-25T14:16:01.250000Z"
SHA256 = "3f786850e387550fdab836ed7e6dc881de23001b7d1b2c6f2f6b5a6e8b0f6f5d"
KEY = "9f86d081884c7d65/0193f1a2-7c01-7abc-8def-0123456789ab"
