"""sled_codec."""
