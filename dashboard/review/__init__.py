"""The review of images: the reviewer's desk (state) and the board in the browser (pictures and boxes)."""
