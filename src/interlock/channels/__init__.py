"""Where people are reached outside the console: chat, mail, pagers and webhooks; and how they answer from there."""
