"""(g) Lists, reviews, statistics and the dashboard's pages with 1,000,000 images and 5,000,000 boxes."""
