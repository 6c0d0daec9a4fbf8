"""`blurline submit`: submits folders of pictures and fetches their results; resumable after any interruption."""
