"""sled_infer."""
