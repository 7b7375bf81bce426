"""What goes into a model's archive as it is here: no module in this folder may import the rest of the trainer."""
