"""Reviews, as far as they can be computed: transitions, who can meet a requirement, and the card. Pure."""
