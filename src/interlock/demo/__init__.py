"""The demo clinic on an embedded PostgreSQL, and the scripted agent that works on it through a real gateway.

run.py       puts it together: server, clinic, gateway (a child process), credentials, script
script.py    the agent's steps, over nothing but public addresses and credentials
"""
