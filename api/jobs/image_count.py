"""How many images a search finds. Its path is not below `/v1/images/`, where an id is expected."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Ctx
from api.jobs.image_lists import SearchedImages
from blurline.contract import ImageCount
from sql.jobs.image_search import count_images

router = APIRouter(prefix="/v1/image-count", tags=["images"])

_MOST_COUNTED = 10_000


@router.get("")
def get_image_count(context: Ctx, wanted: SearchedImages) -> ImageCount:
    """Count the images that a search finds, up to 10,000."""
    found = count_images(context.database, wanted, _MOST_COUNTED + 1)
    return ImageCount(images=min(found, _MOST_COUNTED), is_complete=found <= _MOST_COUNTED)
