"""Commands for trials and measurements. Nothing of the product imports them."""
