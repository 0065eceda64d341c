"""The concept pages' examples and the phrases: finding and running them."""
