"""The parts of the page Statistics, and the charts that they are made of."""
