"""PostgreSQL: migrations, named statements, and a thin typed layer over them."""
