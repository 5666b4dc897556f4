"""The demo's scenarios."""
