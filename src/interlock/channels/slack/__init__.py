"""Reviews in Slack: cards with buttons, a modal for the reason, a home tab, `/interlock`; over HTTP or socket mode.

    blocks, views   what is shown, pure            courier, pacing   copies of cards, within Slack's limits
    inbound, socket the two ways in                app               the one code path behind both (Bolt)
    members         whose click it is              clicks, commands, home   what is done about it
    web_api         calls to Slack                 service           all of it, joined

Nothing here is imported before it is asked for: `slack_bolt` and `aiohttp` are the extra `slack`.
"""
