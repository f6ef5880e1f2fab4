"""Who asks whom: one short function a field."""
