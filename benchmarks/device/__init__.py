"""Programs that learn, on a Cortex-M4: bytes, and instructions of a step."""
