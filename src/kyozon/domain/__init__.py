"""What things are: frozen values and errors. Standard library and msgspec only."""
