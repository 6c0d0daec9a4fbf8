"""What the notes on results say, by code, for choosing among them. The note of an image says more."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, str] = {
    "faces_left": "Faces stay visible because of the policy or a reviewer",
    "style_strengthened": "Made in a stronger style after a failed check",
    "region_outside": "A region to destroy lies outside the picture",
    "projection_unknown": "A layout that is not supported (cube map, fisheye)",
    "further_pictures": "Further pictures in the file were removed",
    "cmyk_converted": "CMYK was converted to RGB",
    "depth_reduced": "Reduced to 8 bits per channel",
    "profile_dropped": "The colour profile was removed",
    "hdr_reduced": "HDR was removed",
    "depth_map_dropped": "The map of distances was removed",
    "video_dropped": "The video inside the picture was removed",
    "poster_dropped": "The picture that stands for an animation was removed",
    "timing_changed": "The timing of the animation changed",
    "resolution_dropped": "Pixels per inch could not be kept",
    "heic_to_jpeg": "HEIC was converted to JPEG",
    "alpha_flattened": "Transparency was replaced by white",
    "metadata_dropped": "Fields of the metadata were removed",
    "not_exact": "Re-encoded outside the faces too",
    "exact_baseline": "Exact, but as a baseline JPEG",
}
