"""Wire formats to models. Vendors are rows of `vendors.toml`, never a comparison of names in code."""
