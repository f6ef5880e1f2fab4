"""What the API looks like: Strawberry types, inputs and roots."""
