"""What runs beside the doors, until it is told to stop."""
