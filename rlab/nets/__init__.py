"""Parts of neural networks, in Keras."""
