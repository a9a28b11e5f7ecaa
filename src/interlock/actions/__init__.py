"""Messages made into actions: what is asked of which resource, what it may show, and what exactly is approved. Pure."""
