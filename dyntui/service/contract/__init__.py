"""The product's API: typed requests and answers of every call. Screens and commands know nothing else of dyntui."""
