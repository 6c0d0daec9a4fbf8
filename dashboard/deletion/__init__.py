"""Legal holds on the page of a job."""
