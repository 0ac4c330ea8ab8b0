"""sled_model."""
