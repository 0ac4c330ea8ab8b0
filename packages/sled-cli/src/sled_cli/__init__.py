"""sled_cli."""
