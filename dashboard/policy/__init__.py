"""Forms for policies, and a preview of what they do."""
