"""PostgreSQL: migrations, named statements, and typed functions that run them."""
