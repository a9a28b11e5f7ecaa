"""The console: pages made on the server, live through server-sent events, whole without JavaScript."""
