"""Jobs: submissions, uploads, images, results, presets and audit records."""
