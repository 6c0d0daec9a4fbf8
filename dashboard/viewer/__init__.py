"""The large view of an image: its tiles at every resolution, and a sphere to look around in."""
