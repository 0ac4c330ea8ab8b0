"""sled_train."""
