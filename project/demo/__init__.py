"""Photomill shown once, from photographs to signed callbacks and a page with the results: python3 run.py demo."""
