"""Zerodha's own ticker as a process: it prints what it is told, a JSON object a line.

Its reactor can neither be stopped and started again nor shared, so every test has its own process.
Arguments: root, api key, access token, and a JSON list of steps `[method, arguments...]` that are
called on connecting.
"""

import json
import os
import sys

from kiteconnect import KiteTicker


def say(kind, **told):
    sys.stdout.write(json.dumps({"kind": kind, **told}, default=str) + "\n")
    sys.stdout.flush()


def main(root, api_key, access_token, steps):
    ticker = KiteTicker(api_key, access_token, root=root, reconnect=False, connect_timeout=5)

    def on_connect(ws, response):
        say("connect")
        for method, *arguments in json.loads(steps):
            getattr(ws, method)(*arguments)

    def on_close(ws, code, reason):
        say("close", code=code, reason=reason)
        os._exit(0)

    ticker.on_connect = on_connect
    ticker.on_close = on_close
    ticker.on_ticks = lambda ws, ticks: say("ticks", ticks=ticks)
    ticker.on_order_update = lambda ws, order: say("order", order=order)
    ticker.on_error = lambda ws, code, reason: say("error", code=code, reason=reason)
    ticker.on_message = lambda ws, payload, is_binary: (
        say("heartbeat") if is_binary and len(payload) == 1 else None
    )
    ticker.connect()


if __name__ == "__main__":
    main(*sys.argv[1:])
