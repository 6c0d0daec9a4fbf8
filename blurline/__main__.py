"""`python -m blurline` is the `blurline` command."""

from blurline.cli.command import main

if __name__ == "__main__":
    main()
