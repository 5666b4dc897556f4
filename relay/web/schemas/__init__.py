"""What the API takes and gives: one definition for validation, answers and the OpenAPI document."""
