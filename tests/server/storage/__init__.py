"""The stores and the drivers under them."""
