"""The engine: jobs, their items and outputs, and the products' APIs that make them."""
